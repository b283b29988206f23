//! The `socdeck` program: everything is in the library.
fn main() -> std::process::ExitCode {
    socdeck::cli::main()
}
