//! Writing a picture to a file, whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _, RgbaImage};

/// Why a picture was not written.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The folder or the file cannot be written.
    #[error("{path}: cannot write the picture: {source}")]
    Write {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The encoder refused the picture.
    #[error("{path}: cannot encode the picture: {source}")]
    Encode {
        /// The file asked for.
        path: PathBuf,
        /// What the encoder said.
        source: image::ImageError,
    },
}

/// Writes a PNG. The file appears when it is complete; until then its bytes are in a temporary file beside it.
///
/// # Errors
/// [`PictureError`] when the folder does not exist or cannot be written, or the picture has no pixels.
pub fn write_png(path: &Path, picture: &RgbaImage) -> Result<(), PictureError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::Rgba8)
        .map_err(|source| PictureError::Encode { path: path.to_owned(), source })?;
    let failed = |source| PictureError::Write { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn a_picture_reads_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.png");
        let picture = RgbaImage::from_fn(3, 2, |x, y| Rgba([x as u8, y as u8, 7, 255]));
        write_png(&path, &picture).expect("it is written");
        let read = image::open(&path).expect("it is a picture").into_rgba8();
        assert_eq!(read, picture);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file() {
        let error = write_png(Path::new("no-such-folder/a.png"), &RgbaImage::new(1, 1)).expect_err("no folder");
        assert!(error.to_string().starts_with("no-such-folder/a.png: cannot write the picture: "), "{error}");
    }

    #[test]
    fn a_picture_without_pixels_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = write_png(&folder.path().join("a.png"), &RgbaImage::new(0, 0)).expect_err("no pixels");
        assert!(matches!(error, PictureError::Encode { .. }), "{error}");
    }
}
