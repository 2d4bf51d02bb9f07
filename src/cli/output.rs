//! Where results go: standard output alone, or files that appear whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::error::CliError;
use crate::recording::write_whole;

/// Writes to standard output. A reader that has gone away (`| head`) is not an error.
///
/// # Errors
/// Anything else that keeps the bytes from being written.
pub fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::bad_input(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a file under a temporary name beside it and then renames it, so that nobody ever sees half
/// of it.
///
/// # Errors
/// When the folder does not exist or cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    write_whole(path, |file| file.write_all(bytes))
        .map_err(|error: io::Error| CliError::bad_input(format!("{}: cannot be written: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("result");
        write_file(&path, b"one").expect("it is written");
        write_file(&path, b"two").expect("it is replaced");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let missing = folder.path().join("missing");
        let error = write_file(&missing.join("result"), b"").expect_err("there is no folder");
        assert!(error.to_string().ends_with(&format!("there is no folder {}", missing.display())), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_as_readable_as_any_new_one() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_file(&ours, b"").expect("it is written");
        std::fs::write(&plain, b"").expect("it is written");
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
