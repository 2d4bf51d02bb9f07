//! The picture being drawn: pixels in memory, cleared, painted by egui's meshes, and taken out.
//!
//! Pixels are premultiplied and packed; rows run from the top. How big a picture may be is the caller's business.

use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Color32, Rect};

use super::painter::Painter;
use super::pixel::{pack, unpack};
use super::textures::Textures;
use super::triangle::PixelRect;

/// A picture in memory, premultiplied, rows from the top.
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

impl Canvas {
    /// A picture of this many pixels, all of one colour.
    pub fn new(width: u32, height: u32, background: Color32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, pixels: vec![pack(background); width * height] }
    }

    /// Makes every pixel the same.
    pub fn clear(&mut self, background: Color32) {
        self.pixels.fill(pack(background));
    }

    /// The colour of a pixel; `None` outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<Color32> {
        let (x, y) = (x as usize, y as usize);
        (x < self.width && y < self.height).then(|| unpack(self.pixels[y * self.width + x]))
    }

    /// The picture as it stands. Its colours stay premultiplied, which only shows where they are not opaque.
    pub fn to_image(&self) -> image::RgbaImage {
        let bytes = self.pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        image::RgbaImage::from_raw(self.width as u32, self.height as u32, bytes)
            .expect("there are four bytes for each pixel")
    }

    /// Paints what egui tessellated, in order. Meshes of unknown textures and paint callbacks are left out, as are
    /// triangles with corners that do not exist or are not finite.
    pub fn paint(&mut self, textures: &Textures, primitives: &[ClippedPrimitive], pixels_per_point: f32) {
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let clip = self.clip(*clip_rect, pixels_per_point);
            if clip.x.is_empty() || clip.y.is_empty() {
                continue;
            }
            if let Some(texture) = textures.get(mesh.texture_id) {
                let mut painter = Painter { width: self.width, pixels: &mut self.pixels, clip, texture };
                painter.mesh(mesh, pixels_per_point);
            }
        }
    }

    /// The whole pixels of a clip rectangle, rounded as egui's painters do.
    fn clip(&self, rect: Rect, pixels_per_point: f32) -> PixelRect {
        let range = |min: f32, max: f32, len: usize| {
            let start = ((min * pixels_per_point).round() as i64).clamp(0, len as i64);
            start..((max * pixels_per_point).round() as i64).clamp(start, len as i64)
        };
        PixelRect { x: range(rect.min.x, rect.max.x, self.width), y: range(rect.min.y, rect.max.y, self.height) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::epaint::{ImageDelta, Mesh, Vertex};
    use egui::{ColorImage, Pos2, TextureId, TextureOptions, TexturesDelta, pos2, vec2};
    use proptest::prelude::*;

    const WHITE: TextureId = TextureId::User(1);
    const CHEQUERED: TextureId = TextureId::User(2);

    /// A white texel, and a picture of two by two: black and white above, white and black below.
    fn textures() -> Textures {
        let mut delta = TexturesDelta::default();
        let white = ColorImage::filled([1, 1], Color32::WHITE);
        delta.push(WHITE, ImageDelta::full(white, TextureOptions::LINEAR));
        let levels = [Color32::BLACK, Color32::WHITE, Color32::WHITE, Color32::BLACK];
        let chequered = ColorImage::new([2, 2], levels.to_vec());
        delta.push(CHEQUERED, ImageDelta::full(chequered, TextureOptions::LINEAR));
        let mut textures = Textures::new();
        textures.apply(&mut delta);
        textures
    }

    fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(width, height))
    }

    /// A rectangle of one colour, in two triangles.
    fn block(area: Rect, color: Color32) -> Mesh {
        let mut mesh = Mesh::with_texture(WHITE);
        mesh.add_rect_with_uv(area, Rect::from_min_max(Pos2::ZERO, Pos2::ZERO), color);
        mesh
    }

    fn clipped(mesh: Mesh, clip_rect: Rect) -> ClippedPrimitive {
        ClippedPrimitive { clip_rect, primitive: Primitive::Mesh(mesh) }
    }

    /// A 4 by 3 black picture with this painted on it, as the red bytes of its rows.
    fn reds(primitives: &[ClippedPrimitive], pixels_per_point: f32) -> Vec<[u8; 4]> {
        let mut canvas = Canvas::new(4, 3, Color32::BLACK);
        canvas.paint(&textures(), primitives, pixels_per_point);
        let image = canvas.to_image();
        (0..3).map(|y| [0, 1, 2, 3].map(|x| image.get_pixel(x, y).0[0])).collect()
    }

    #[test]
    fn a_block_fills_its_pixels_and_no_others() {
        let all = rect(0.0, 0.0, 4.0, 3.0);
        let painted = reds(&[clipped(block(rect(1.0, 1.0, 2.0, 1.0), Color32::from_gray(9)), all)], 1.0);
        assert_eq!(painted, [[0; 4], [0, 9, 9, 0], [0; 4]]);
    }

    #[test]
    fn points_are_scaled_to_pixels() {
        let all = rect(0.0, 0.0, 4.0, 3.0);
        let painted = reds(&[clipped(block(rect(0.5, 0.5, 1.0, 1.0), Color32::from_gray(9)), all)], 2.0);
        assert_eq!(painted, [[0; 4], [0, 9, 9, 0], [0, 9, 9, 0]]);
    }

    #[test]
    fn a_translucent_block_is_blended_once_along_its_diagonal() {
        let all = rect(0.0, 0.0, 4.0, 3.0);
        let half = Color32::from_rgba_premultiplied(100, 100, 100, 128);
        assert_eq!(reds(&[clipped(block(all, half), all)], 1.0), [[100; 4]; 3]);
        // Twice: 100 + 100 * 127 / 255 = 149.8.
        let twice = [clipped(block(all, half), all), clipped(block(all, half), all)];
        assert_eq!(reds(&twice, 1.0), [[150; 4]; 3]);
    }

    #[test]
    fn the_clip_rectangle_is_rounded_to_whole_pixels() {
        let all = rect(0.0, 0.0, 4.0, 3.0);
        let white = || block(all, Color32::WHITE);
        let painted = reds(&[clipped(white(), rect(0.6, 0.4, 2.0, 1.0))], 1.0);
        assert_eq!(painted, [[0, 255, 255, 0], [0; 4], [0; 4]]);
        assert_eq!(reds(&[clipped(white(), rect(-5.0, -5.0, 6.0, 6.0))], 1.0), [[255, 0, 0, 0], [0; 4], [0; 4]]);
        assert_eq!(reds(&[clipped(white(), Rect::NOTHING)], 1.0), [[0; 4]; 3]);
    }

    #[test]
    fn a_colour_runs_evenly_between_the_corners() {
        let mut mesh = block(rect(0.0, 0.0, 4.0, 3.0), Color32::BLACK);
        for vertex in &mut mesh.vertices {
            vertex.color = Color32::from_gray(if vertex.pos.x == 0.0 { 0 } else { 200 });
        }
        // The centres are at 1/8, 3/8, 5/8 and 7/8 of the way.
        assert_eq!(reds(&[clipped(mesh, rect(0.0, 0.0, 4.0, 3.0))], 1.0), [[25, 75, 125, 175]; 3]);
    }

    #[test]
    fn a_texture_is_mixed_between_its_texels_and_tinted() {
        let all = rect(0.0, 0.0, 4.0, 3.0);
        let mut mesh = Mesh::with_texture(CHEQUERED);
        // Each texel over two columns of the upper two rows: the centres lie 1/4, 3/4, 5/4, 7/4 texels from the left.
        let area = rect(0.0, 0.0, 4.0, 2.0);
        mesh.add_rect_with_uv(area, rect(0.0, 0.0, 1.0, 0.5), Color32::from_gray(100));
        // Upper row: v = 1/4 texel, above the first centre, so the first row of texels alone:
        // 0, then a quarter and three quarters of white, then white. Lower row: v = 3/4, a quarter of the next row.
        let expected = [[0, 25, 75, 100], [25, 38, 63, 75], [0; 4]];
        let painted = reds(&[clipped(mesh, all)], 1.0);
        for (row, expected) in painted.iter().zip(expected) {
            for (byte, expected) in row.iter().zip(expected) {
                assert!(byte.abs_diff(expected) <= 1, "{painted:?}");
            }
        }
    }

    #[test]
    fn missing_textures_and_corners_paint_nothing() {
        let all = rect(0.0, 0.0, 4.0, 3.0);
        let mut unknown = block(all, Color32::WHITE);
        unknown.texture_id = TextureId::User(99);
        let mut dangling = block(all, Color32::WHITE);
        dangling.indices = vec![0, 1, 77, 5, 5, 5, 0, 1];
        assert_eq!(reds(&[clipped(unknown, all), clipped(dangling, all)], 1.0), [[0; 4]; 3]);
    }

    #[test]
    fn clearing_and_reading_single_pixels() {
        let mut canvas = Canvas::new(2, 1, Color32::BLACK);
        canvas.clear(Color32::from_rgb(1, 2, 3));
        assert_eq!(canvas.pixel(1, 0), Some(Color32::from_rgb(1, 2, 3)));
        assert_eq!(canvas.pixel(2, 0), None);
        assert_eq!(canvas.pixel(0, 1), None);
        assert_eq!(canvas.to_image().as_raw(), &[1, 2, 3, 255, 1, 2, 3, 255]);
    }

    fn wild() -> impl Strategy<Value = f32> {
        prop_oneof![any::<f32>(), -8.0_f32..16.0, Just(f32::NAN), Just(f32::INFINITY), Just(f32::MAX), Just(1e7_f32)]
    }

    fn wild_vertex() -> impl Strategy<Value = Vertex> {
        (wild(), wild(), wild(), wild(), any::<[u8; 4]>()).prop_map(|(x, y, u, v, [r, g, b, a])| Vertex {
            pos: pos2(x, y),
            uv: pos2(u, v),
            color: Color32::from_rgba_premultiplied(r, g, b, a),
        })
    }

    proptest! {
        #[test]
        fn no_mesh_makes_it_panic(
            vertices in prop::collection::vec(wild_vertex(), 0..7),
            indices in prop::collection::vec(0_u32..8, 0..24),
            clip in [wild(), wild(), wild(), wild()],
            pixels_per_point in wild(),
            texture in 0_u64..4,
        ) {
            let mesh = Mesh { indices, vertices, texture_id: TextureId::User(texture) };
            let clip_rect = Rect::from_min_max(pos2(clip[0], clip[1]), pos2(clip[2], clip[3]));
            reds(&[clipped(mesh, clip_rect)], pixels_per_point);
        }
    }
}
