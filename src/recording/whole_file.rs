//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file through a temporary one in the same directory, which replaces it at the end: a
/// reader sees the old file or the new one, and after an error the old one is still there. What
/// is no plain file (a pipe, `/dev/null`) is written to directly; a link keeps pointing where it
/// does.
///
/// # Errors
/// Those of the system and of `fill`.
pub fn write_whole<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let file = File::options().write(true).open(path)?;
        return fill_file(&file, fill);
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    if !directory.is_dir() {
        let message = format!("there is no folder {}", directory.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message).into());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".highwater-").suffix(".tmp");
    #[cfg(unix)]
    {
        // As any new file: the user's mask decides, where a temporary file would be private.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(directory)?;
    fill_file(temporary.as_file(), fill)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn fill_file<E: From<io::Error>>(
    file: &File,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut writer = BufWriter::new(file);
    fill(&mut writer)?;
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("a directory");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.csv");
        fs::write(&path, "old").expect("written");
        write_whole::<io::Error>(&path, |writer| writer.write_all(b"new")).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), "new");
        assert_eq!(names(directory.path()), ["a.csv"]);
    }

    #[test]
    fn after_an_error_the_old_file_is_still_there_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.csv");
        fs::write(&path, "old").expect("written");
        let result = write_whole::<io::Error>(&path, |writer| {
            writer.write_all(&[b'x'; 100_000])?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(result.is_err());
        assert_eq!(fs::read_to_string(&path).expect("text"), "old");
        assert_eq!(names(directory.path()), ["a.csv"]);
    }

    #[test]
    fn a_directory_and_a_missing_one_are_errors() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |path: &Path| write_whole::<io::Error>(path, |writer| writer.write_all(b"new"));
        assert!(write(directory.path()).is_err());
        let error = write(&directory.path().join("missing").join("a.csv")).expect_err("there is no folder");
        assert!(error.to_string().starts_with("there is no folder"), "{error}");
        assert_eq!(names(directory.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let directory = tempfile::tempdir().expect("a directory");
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "old").expect("written");
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        write_whole::<io::Error>(&link, |writer| writer.write_all(b"new")).expect("written");
        assert_eq!(fs::read_to_string(&target).expect("text"), "new");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        let null = Path::new("/dev/null");
        write_whole::<io::Error>(null, |writer| writer.write_all(b"new")).expect("written");
        assert!(!fs::metadata(null).expect("a device").is_file());
    }
}
