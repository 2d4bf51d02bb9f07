//! Where results go: standard output alone, or files that appear whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::error::CliError;

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
    let failed = |error: io::Error| CliError::bad_input(format!("{}: cannot be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = readable_by_others(&mut tempfile::Builder::new()).tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Temporary files are private where the system can say so; results are as readable as any new file, by the umask.
fn readable_by_others<'a, 'b, 'c>(builder: &'c mut tempfile::Builder<'a, 'b>) -> &'c mut tempfile::Builder<'a, 'b> {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
