//! One picture in memory and how it is read between its texels.
//!
//! Texel coordinates are fixed-point integers with [`FRACTION_BITS`] bits below the texel, so the same
//! coordinate gives the same colour everywhere. Linear filtering mixes the four nearest texels in steps of
//! 1/32; mipmaps are not used.

use egui::ColorImage;
use egui::epaint::textures::{TextureFilter, TextureOptions, TextureWrapMode};

use super::pixel;

/// Bits below the texel in the coordinates of [`Texture::sample`].
pub(super) const FRACTION_BITS: u32 = 32;

/// Bits of position that linear filtering uses. With more, coordinates that miss a texel's centre by a
/// rounding error would blur text; graphics cards use 4 to 8.
const FILTER_BITS: u32 = 5;

/// A picture of premultiplied colours.
pub(super) struct Texture {
    width: usize,
    height: usize,
    texels: Vec<u32>,
    options: TextureOptions,
}

impl Texture {
    /// A whole picture; `None` when it has no texels, or not as many as its size says.
    pub(super) fn new(image: &ColorImage, options: TextureOptions) -> Option<Self> {
        let [width, height] = image.size;
        let whole = width.checked_mul(height).is_some_and(|count| count > 0 && count == image.pixels.len());
        whole.then(|| Self { width, height, texels: image.pixels.iter().copied().map(pixel::pack).collect(), options })
    }

    /// Replaces the part that begins at column and row `origin`; what lies outside is ignored.
    pub(super) fn replace(&mut self, origin: [usize; 2], image: &ColorImage, options: TextureOptions) {
        self.options = options;
        let [left, top] = origin;
        let [width, height] = image.size;
        if left >= self.width || width == 0 {
            return;
        }
        let columns = width.min(self.width - left);
        for (row, source) in image.pixels.chunks_exact(width).take(height).enumerate() {
            let Some(y) = top.checked_add(row).filter(|y| *y < self.height) else { break };
            let start = y * self.width + left;
            let target = &mut self.texels[start..start + columns];
            for (texel, color) in target.iter_mut().zip(source) {
                *texel = pixel::pack(*color);
            }
        }
    }

    /// Texels across.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Texels down.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// How to read this picture when `texels_per_pixel` of its texels meet one pixel.
    pub(super) fn filter(&self, texels_per_pixel: f64) -> TextureFilter {
        if texels_per_pixel > 1.0 { self.options.minification } else { self.options.magnification }
    }

    /// Whether both filters are the same, so that the scale does not matter.
    pub(super) fn has_one_filter(&self) -> bool {
        self.options.minification == self.options.magnification
    }

    /// The colour at texel coordinates `u`, `v`: 0 is the left or upper edge of the first texel,
    /// `1 << FRACTION_BITS` the edge between it and the next.
    #[inline]
    pub(super) fn sample(&self, u: i64, v: i64, filter: TextureFilter) -> u32 {
        match filter {
            TextureFilter::Nearest => self.texel(u >> FRACTION_BITS, v >> FRACTION_BITS),
            TextureFilter::Linear => self.sample_linear(u, v),
        }
    }

    #[inline]
    fn sample_linear(&self, u: i64, v: i64) -> u32 {
        let (column, right) = split(u);
        let (row, lower) = split(v);
        if right == 0 && lower == 0 {
            return self.texel(column, row);
        }
        let four = [
            self.texel(column, row),
            self.texel(column + 1, row),
            self.texel(column, row + 1),
            self.texel(column + 1, row + 1),
        ];
        if four[0] == four[1] && four[0] == four[2] && four[0] == four[3] {
            return four[0];
        }
        let (left, upper) = ((1 << FILTER_BITS) - right, (1 << FILTER_BITS) - lower);
        pixel::mix(four, [left * upper, right * upper, left * lower, right * lower])
    }

    /// The texel in this column and row, which may lie outside.
    #[inline]
    fn texel(&self, column: i64, row: i64) -> u32 {
        let column = wrap(column, self.width, self.options.wrap_mode);
        let row = wrap(row, self.height, self.options.wrap_mode);
        self.texels[row * self.width + column]
    }

    /// The colour of a texel, for tests.
    #[cfg(test)]
    pub(super) fn color_at(&self, column: usize, row: usize) -> egui::Color32 {
        pixel::unpack(self.texels[row * self.width + column])
    }
}

/// Splits a coordinate into the texel whose centre lies at or before it and the distance from there in steps
/// of the filter.
#[inline]
fn split(coordinate: i64) -> (i64, u32) {
    const HALF_TEXEL: i64 = 1 << (FRACTION_BITS - 1);
    const HALF_STEP: i64 = 1 << (FRACTION_BITS - FILTER_BITS - 1);
    const STEP_MASK: i64 = (1 << FILTER_BITS) - 1;
    let steps = coordinate.saturating_sub(HALF_TEXEL - HALF_STEP) >> (FRACTION_BITS - FILTER_BITS);
    (steps >> FILTER_BITS, (steps & STEP_MASK) as u32)
}

/// The index in `0..len` that stands for `index`; `len` is at least 1.
#[inline]
fn wrap(index: i64, len: usize, mode: TextureWrapMode) -> usize {
    let last = len as i64 - 1;
    let inside = match mode {
        TextureWrapMode::ClampToEdge => index.clamp(0, last),
        TextureWrapMode::Repeat => index.rem_euclid(last + 1),
        TextureWrapMode::MirroredRepeat => {
            let within = index.rem_euclid(2 * (last + 1));
            if within > last { 2 * last + 1 - within } else { within }
        }
    };
    inside as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Color32;

    const TEXEL: i64 = 1 << FRACTION_BITS;

    fn grey(level: u8) -> Color32 {
        Color32::from_gray(level)
    }

    fn picture(width: usize, levels: &[u8], options: TextureOptions) -> Texture {
        let pixels: Vec<Color32> = levels.iter().copied().map(grey).collect();
        let image = ColorImage::new([width, levels.len() / width], pixels);
        Texture::new(&image, options).expect("the picture has texels")
    }

    fn level(pixel: u32) -> u8 {
        pixel.to_le_bytes()[0]
    }

    #[test]
    fn the_middle_of_a_texel_is_its_colour_under_both_filters() {
        let texture = picture(2, &[10, 20, 30, 40], TextureOptions::LINEAR);
        for (column, row, expected) in [(0, 0, 10), (1, 0, 20), (0, 1, 30), (1, 1, 40)] {
            let (u, v) = (column * TEXEL + TEXEL / 2, row * TEXEL + TEXEL / 2);
            assert_eq!(level(texture.sample(u, v, TextureFilter::Linear)), expected);
            assert_eq!(level(texture.sample(u, v, TextureFilter::Nearest)), expected);
        }
    }

    #[test]
    fn between_texels_linear_mixes_and_nearest_jumps() {
        let texture = picture(2, &[0, 200, 0, 200], TextureOptions::LINEAR);
        let at = |u: i64, filter| level(texture.sample(u, TEXEL / 2, filter));
        assert_eq!(at(TEXEL, TextureFilter::Linear), 100);
        assert_eq!(at(TEXEL * 3 / 4, TextureFilter::Linear), 50);
        assert_eq!(at(TEXEL - 1, TextureFilter::Nearest), 0);
        assert_eq!(at(TEXEL, TextureFilter::Nearest), 200);
    }

    #[test]
    fn a_rounding_error_off_the_middle_does_not_blur() {
        let texture = picture(2, &[0, 255, 255, 0], TextureOptions::LINEAR);
        let off = TEXEL / 100;
        assert_eq!(level(texture.sample(TEXEL / 2 + off, TEXEL / 2 - off, TextureFilter::Linear)), 0);
    }

    #[test]
    fn outside_coordinates_follow_the_wrap_mode() {
        let indices = |mode| (-4..6).map(|index| wrap(index, 3, mode)).collect::<Vec<_>>();
        assert_eq!(indices(TextureWrapMode::ClampToEdge), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2]);
        assert_eq!(indices(TextureWrapMode::Repeat), [2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
        assert_eq!(indices(TextureWrapMode::MirroredRepeat), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0]);
    }

    #[test]
    fn the_ends_of_the_number_range_are_clamped() {
        let texture = picture(2, &[10, 20, 30, 40], TextureOptions::LINEAR);
        assert_eq!(level(texture.sample(i64::MIN, i64::MAX, TextureFilter::Linear)), 30);
        assert_eq!(level(texture.sample(i64::MAX, i64::MIN, TextureFilter::Nearest)), 20);
    }

    #[test]
    fn a_part_is_replaced_and_what_lies_outside_is_ignored() {
        let mut texture = picture(3, &[0; 9], TextureOptions::LINEAR);
        let part = ColorImage::new([2, 2], [1, 2, 3, 4].map(grey).to_vec());
        texture.replace([2, 1], &part, TextureOptions::LINEAR);
        texture.replace([5, 5], &part, TextureOptions::LINEAR);
        texture.replace([0, usize::MAX], &part, TextureOptions::LINEAR);
        let levels: Vec<u8> = (0..9).map(|i| texture.color_at(i % 3, i / 3).r()).collect();
        assert_eq!(levels, [0, 0, 0, 0, 0, 1, 0, 0, 3]);
    }

    #[test]
    fn the_filter_depends_on_the_scale() {
        let options = TextureOptions { minification: TextureFilter::Nearest, ..TextureOptions::LINEAR };
        let texture = picture(1, &[0], options);
        assert!(!texture.has_one_filter());
        assert_eq!(texture.filter(1.5), TextureFilter::Nearest);
        assert_eq!(texture.filter(1.0), TextureFilter::Linear);
    }

    #[test]
    fn a_picture_without_texels_is_none() {
        assert!(Texture::new(&ColorImage::default(), TextureOptions::LINEAR).is_none());
    }
}
