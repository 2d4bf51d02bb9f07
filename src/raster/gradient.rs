//! Colours and texture coordinates on their way along a row of a triangle.
//!
//! Each row starts from the exact value at its first pixel and advances in fixed point, so nothing depends on the
//! order of floating-point additions.

use egui::epaint::Vertex;
use egui::epaint::textures::TextureFilter;

use super::texture::{FRACTION_BITS, Texture};
use super::triangle::{Plane, Triangle};

/// A texel coordinate in fixed point; far ones saturate.
#[inline]
pub(super) fn fixed(texels: f64) -> i64 {
    (texels * (1_i64 << FRACTION_BITS) as f64) as i64
}

/// Bits below the byte in a running colour.
const COLOR_BITS: u32 = 16;

/// How the four bytes of the colour run over a triangle.
pub(super) struct Shade {
    planes: [Plane; 4],
    steps: [i32; 4],
}

/// A colour on its way along a row.
pub(super) struct RunningColor<'a> {
    bytes: [i32; 4],
    steps: &'a [i32; 4],
}

impl Shade {
    #[inline]
    pub(super) fn new(triangle: &Triangle, corners: &[Vertex; 3]) -> Self {
        let [a, b, c] = corners.map(|corner| corner.color.to_array());
        let planes = [0, 1, 2, 3].map(|i: usize| triangle.plane([a[i], b[i], c[i]].map(f64::from)));
        // A row with a second pixel cannot change faster than this.
        let steps = planes.map(|plane| (plane.dx.clamp(-255.0, 255.0) * f64::from(1 << COLOR_BITS)) as i32);
        Self { planes, steps }
    }

    #[inline]
    pub(super) fn begin(&self, x: i64, y: i64) -> RunningColor<'_> {
        let bytes = self.planes.map(|plane| {
            // Half a byte for rounding to nearest.
            ((plane.at(x, y).clamp(0.0, 255.0) + 0.5) * f64::from(1 << COLOR_BITS)) as i32
        });
        RunningColor { bytes, steps: &self.steps }
    }
}

impl RunningColor<'_> {
    #[inline]
    pub(super) fn next(&mut self) -> u32 {
        const MOST: i32 = (256 << COLOR_BITS) - 1;
        let bytes = self.bytes.map(|byte| (byte.clamp(0, MOST) >> COLOR_BITS) as u32);
        for (byte, step) in self.bytes.iter_mut().zip(self.steps) {
            *byte = byte.saturating_add(*step);
        }
        bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24
    }
}

/// How texture coordinates run over a triangle.
pub(super) struct Sampler<'a> {
    texture: &'a Texture,
    filter: TextureFilter,
    u: Plane,
    v: Plane,
}

/// A place in a texture on its way along a row.
pub(super) struct RunningTexel<'a> {
    texture: &'a Texture,
    filter: TextureFilter,
    at: [i64; 2],
    step: [i64; 2],
}

impl<'a> Sampler<'a> {
    #[inline]
    pub(super) fn new(triangle: &Triangle, corners: &[Vertex; 3], texture: &'a Texture) -> Self {
        let (width, height) = (texture.width() as f64, texture.height() as f64);
        let u = triangle.plane(corners.map(|corner| f64::from(corner.uv.x) * width));
        let v = triangle.plane(corners.map(|corner| f64::from(corner.uv.y) * height));
        let texels_per_pixel = if texture.has_one_filter() {
            0.0
        } else {
            (u.dx * u.dx + v.dx * v.dx).max(u.dy * u.dy + v.dy * v.dy).sqrt()
        };
        Self { texture, filter: texture.filter(texels_per_pixel), u, v }
    }

    #[inline]
    pub(super) fn begin(&self, x: i64, y: i64) -> RunningTexel<'a> {
        RunningTexel {
            texture: self.texture,
            filter: self.filter,
            at: [fixed(self.u.at(x, y)), fixed(self.v.at(x, y))],
            step: [fixed(self.u.dx), fixed(self.v.dx)],
        }
    }
}

impl RunningTexel<'_> {
    #[inline]
    pub(super) fn next(&mut self) -> u32 {
        let texel = self.texture.sample(self.at[0], self.at[1], self.filter);
        self.at = [self.at[0].saturating_add(self.step[0]), self.at[1].saturating_add(self.step[1])];
        texel
    }
}
