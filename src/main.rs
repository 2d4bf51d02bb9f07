//! Arguments to a command or the window, and exit codes; no logic.

fn main() {
    println!("{}", env!("CARGO_PKG_DESCRIPTION"));
}
