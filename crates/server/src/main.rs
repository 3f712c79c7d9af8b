//! The binary `stellwerk`; everything is in the library, so that tests reach it.

/// What one thread takes and another gives back, as happens to every event on its way, is slow with the system's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    server::cli::run()
}
