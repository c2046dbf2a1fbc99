//! The `waxseal` command.

fn main() -> std::process::ExitCode {
    waxseal_cli::run(std::env::args_os())
}
