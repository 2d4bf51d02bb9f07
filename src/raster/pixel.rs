//! Arithmetic on one pixel: four bytes, premultiplied, packed into a `u32` with red in the lowest byte.
//!
//! Every division by 255 rounds to nearest, and sums saturate, because premultiplied colours whose alpha is
//! smaller than their light (glow) may exceed white.

use egui::Color32;

/// Red and blue, or green and alpha after a shift: two bytes with room above each.
const LANES: u32 = 0x00ff_00ff;

/// Packs a colour.
#[inline]
pub(super) fn pack(color: Color32) -> u32 {
    u32::from_le_bytes(color.to_array())
}

/// The colour of a packed pixel.
#[inline]
pub(super) fn unpack(pixel: u32) -> Color32 {
    let [r, g, b, a] = pixel.to_le_bytes();
    Color32::from_rgba_premultiplied(r, g, b, a)
}

/// How opaque a packed pixel is, 0 to 255.
#[inline]
pub(super) fn alpha(pixel: u32) -> u32 {
    pixel >> 24
}

/// `a * b / 255`, rounded to nearest, for `a` and `b` up to 255.
#[inline]
fn scale_byte(a: u32, b: u32) -> u32 {
    let product = a * b + 128;
    (product + (product >> 8)) >> 8
}

/// Two bytes in [`LANES`], each times `factor / 255`, rounded to nearest.
#[inline]
fn scale_lanes(lanes: u32, factor: u32) -> u32 {
    let product = lanes * factor + 0x0080_0080;
    ((product + ((product >> 8) & LANES)) >> 8) & LANES
}

/// Two sums in 16-bit lanes, each cut to 255.
#[inline]
fn saturate_lanes(sums: u32) -> u32 {
    let carry = (sums >> 8) & 0x0001_0001;
    (sums | (carry * 255)) & LANES
}

/// `source` over `below`: `source + below * (1 - alpha of source)`.
#[inline]
pub(super) fn over(source: u32, below: u32) -> u32 {
    let keep = 255 - alpha(source);
    let red_blue = (source & LANES) + scale_lanes(below & LANES, keep);
    let green_alpha = ((source >> 8) & LANES) + scale_lanes((below >> 8) & LANES, keep);
    saturate_lanes(red_blue) | (saturate_lanes(green_alpha) << 8)
}

/// Byte by byte, `a * b / 255`: a texel tinted by a colour.
#[inline]
pub(super) fn modulate(a: u32, b: u32) -> u32 {
    if a == u32::MAX {
        return b;
    }
    if b == u32::MAX {
        return a;
    }
    let [a0, a1, a2, a3] = a.to_le_bytes().map(u32::from);
    let [b0, b1, b2, b3] = b.to_le_bytes().map(u32::from);
    scale_byte(a0, b0) | scale_byte(a1, b1) << 8 | scale_byte(a2, b2) << 16 | scale_byte(a3, b3) << 24
}

/// Byte by byte, the mix of four pixels by weights that sum to 1024, rounded to nearest.
#[inline]
pub(super) fn mix(pixels: [u32; 4], weights: [u32; 4]) -> u32 {
    let mut sums = [512_u32; 4];
    for (pixel, weight) in pixels.into_iter().zip(weights) {
        for (sum, byte) in sums.iter_mut().zip(pixel.to_le_bytes()) {
            *sum += u32::from(byte) * weight;
        }
    }
    (sums[0] >> 10) | (sums[1] >> 10) << 8 | (sums[2] >> 10) << 16 | (sums[3] >> 10) << 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgba(r: u8, g: u8, b: u8, a: u8) -> u32 {
        u32::from_le_bytes([r, g, b, a])
    }

    #[test]
    fn every_product_of_two_bytes_is_rounded_to_nearest() {
        for a in 0..=255_u32 {
            for b in 0..=255_u32 {
                let exact = (f64::from(a) * f64::from(b) / 255.0).round() as u32;
                assert_eq!(scale_byte(a, b), exact, "{a} * {b}");
                let lanes = scale_lanes(a | b << 16, b);
                assert_eq!(lanes & 0xffff, exact, "{a} * {b} in the low lane");
                assert_eq!(lanes >> 16, (f64::from(b * b) / 255.0).round() as u32, "{b} * {b} in the high lane");
            }
        }
    }

    #[test]
    fn an_opaque_colour_replaces_and_a_clear_one_keeps() {
        let below = rgba(10, 20, 30, 255);
        assert_eq!(over(rgba(1, 2, 3, 255), below), rgba(1, 2, 3, 255));
        assert_eq!(over(0, below), below);
    }

    #[test]
    fn half_white_over_colours() {
        // 128 + 100 * 127 / 255 = 128 + 49.8; 128 + 0; 128 + 127; alpha 128 + 127.
        assert_eq!(over(rgba(128, 128, 128, 128), rgba(100, 0, 255, 255)), rgba(178, 128, 255, 255));
    }

    #[test]
    fn light_without_alpha_adds_up_to_white() {
        assert_eq!(over(rgba(200, 100, 0, 0), rgba(100, 100, 7, 255)), rgba(255, 200, 7, 255));
    }

    #[test]
    fn a_tint_multiplies_every_byte() {
        assert_eq!(modulate(rgba(255, 128, 0, 64), rgba(200, 200, 200, 255)), rgba(200, 100, 0, 64));
        assert_eq!(modulate(u32::MAX, rgba(1, 2, 3, 4)), rgba(1, 2, 3, 4));
        assert_eq!(modulate(rgba(1, 2, 3, 4), u32::MAX), rgba(1, 2, 3, 4));
    }

    #[test]
    fn a_mix_is_rounded_to_nearest() {
        let (black, white) = (rgba(0, 0, 0, 255), rgba(255, 255, 255, 255));
        assert_eq!(mix([black, white, black, white], [256; 4]), rgba(128, 128, 128, 255));
        assert_eq!(mix([black, white, black, black], [1023, 1, 0, 0]), rgba(0, 0, 0, 255));
        assert_eq!(mix([white; 4], [1024, 0, 0, 0]), white);
    }

    #[test]
    fn packing_is_reversible() {
        let color = Color32::from_rgba_premultiplied(1, 2, 3, 4);
        assert_eq!(pack(color), 0x0403_0201);
        assert_eq!(unpack(pack(color)), color);
        assert_eq!(alpha(pack(color)), 4);
    }
}
