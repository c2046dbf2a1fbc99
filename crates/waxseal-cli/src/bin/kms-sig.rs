//! The command `kms-sig`.

fn main() -> std::process::ExitCode {
    waxseal_cli::run_kms_sig(std::env::args_os())
}
