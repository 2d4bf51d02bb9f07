//! Painting the triangles of one mesh.
//!
//! Four ways to fill a row, from the most common to the rarest: one colour; a colour that changes (soft edges); one
//! colour through a texture (text, pictures); both. All give what the last, general one would give.

use egui::epaint::{Mesh, Vertex};
use egui::{Pos2, pos2};

use super::gradient::{Sampler, Shade, fixed};
use super::guard;
use super::pixel::{alpha, modulate, over, pack};
use super::texture::Texture;
use super::triangle::{PixelRect, Triangle};

/// What one mesh is painted with.
pub(super) struct Painter<'a> {
    /// Pixels in a row.
    pub width: usize,
    /// The picture.
    pub pixels: &'a mut [u32],
    /// Where to paint; inside the picture.
    pub clip: PixelRect,
    /// What the mesh's texture coordinates refer to.
    pub texture: &'a Texture,
}

impl Painter<'_> {
    /// Paints a mesh; triangles with corners that do not exist or are not finite are left out.
    pub(super) fn mesh(&mut self, mesh: &Mesh, pixels_per_point: f32) {
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |i: usize| mesh.vertices.get(corners[i] as usize).copied();
            let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) else { continue };
            let corners = [a, b, c].map(|vertex| Vertex {
                pos: pos2(vertex.pos.x * pixels_per_point, vertex.pos.y * pixels_per_point),
                ..vertex
            });
            if guard::is_inside(&corners) {
                self.triangle(&corners);
            } else {
                guard::cut(&corners).iter().for_each(|part| self.triangle(part));
            }
        }
    }

    #[inline]
    fn triangle(&mut self, corners: &[Vertex; 3]) {
        let [a, b, c] = corners;
        let Some(triangle) = Triangle::new([a.pos, b.pos, c.pos], &self.clip) else { return };
        let has_one_color = a.color == b.color && a.color == c.color;
        let has_one_texel = a.uv == b.uv && a.uv == c.uv;
        match (has_one_color, has_one_texel) {
            (true, true) => self.flat(&triangle, modulate(pack(a.color), self.texel(a.uv))),
            (false, true) => self.shaded(&triangle, corners, self.texel(a.uv)),
            (true, false) => self.textured(&triangle, corners, pack(a.color)),
            (false, false) => self.shaded_and_textured(&triangle, corners),
        }
    }

    /// The colour of the texture at one place.
    fn texel(&self, uv: Pos2) -> u32 {
        let at = |part: f32, texels: usize| fixed(f64::from(part) * texels as f64);
        let filter = self.texture.filter(0.0);
        self.texture.sample(at(uv.x, self.texture.width()), at(uv.y, self.texture.height()), filter)
    }

    fn flat(&mut self, triangle: &Triangle, source: u32) {
        if source == 0 {
            return;
        }
        triangle.rows(|y, columns| {
            let row = row(self.pixels, self.width, y, &columns);
            if alpha(source) == 255 {
                row.fill(source);
            } else {
                row.iter_mut().for_each(|pixel| *pixel = over(source, *pixel));
            }
        });
    }

    fn shaded(&mut self, triangle: &Triangle, corners: &[Vertex; 3], texel: u32) {
        let shade = Shade::new(triangle, corners);
        triangle.rows(|y, columns| {
            let mut color = shade.begin(columns.start, y);
            for pixel in row(self.pixels, self.width, y, &columns) {
                *pixel = over(modulate(color.next(), texel), *pixel);
            }
        });
    }

    fn textured(&mut self, triangle: &Triangle, corners: &[Vertex; 3], color: u32) {
        let sampler = Sampler::new(triangle, corners, self.texture);
        triangle.rows(|y, columns| {
            let mut texels = sampler.begin(columns.start, y);
            for pixel in row(self.pixels, self.width, y, &columns) {
                let texel = texels.next();
                if texel != 0 {
                    *pixel = over(modulate(color, texel), *pixel);
                }
            }
        });
    }

    fn shaded_and_textured(&mut self, triangle: &Triangle, corners: &[Vertex; 3]) {
        let shade = Shade::new(triangle, corners);
        let sampler = Sampler::new(triangle, corners, self.texture);
        triangle.rows(|y, columns| {
            let mut color = shade.begin(columns.start, y);
            let mut texels = sampler.begin(columns.start, y);
            for pixel in row(self.pixels, self.width, y, &columns) {
                *pixel = over(modulate(color.next(), texels.next()), *pixel);
            }
        });
    }
}

/// The pixels of one row; the columns lie inside the clip rectangle and so inside the picture.
#[inline]
fn row<'a>(pixels: &'a mut [u32], width: usize, y: i64, columns: &std::ops::Range<i64>) -> &'a mut [u32] {
    let start = y as usize * width;
    &mut pixels[start + columns.start as usize..start + columns.end as usize]
}
