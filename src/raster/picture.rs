//! A picture as a PNG file has it.
//!
//! Writing the file is the caller's business.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _, ImageError, RgbaImage};

/// The bytes of a PNG file. The same picture gives the same bytes.
///
/// # Errors
/// When the picture has no pixels.
pub fn encode_png(picture: &RgbaImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive).write_image(
        picture.as_raw(),
        picture.width(),
        picture.height(),
        ExtendedColorType::Rgba8,
    )?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn a_picture_reads_back() {
        let picture = RgbaImage::from_fn(3, 2, |x, y| Rgba([x as u8, y as u8, 7, 255]));
        let bytes = encode_png(&picture).expect("it has pixels");
        let read = image::load_from_memory(&bytes).expect("it is a picture").into_rgba8();
        assert_eq!(read, picture);
        assert_eq!(encode_png(&picture).expect("it has pixels"), bytes);
    }

    #[test]
    fn a_picture_without_pixels_is_an_error() {
        assert!(encode_png(&RgbaImage::new(0, 0)).is_err());
    }
}
