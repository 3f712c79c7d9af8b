//! A release build embeds the editor, so it must notice when that was built anew. A debug build reads it from the disk.

fn main() {
    let is_release = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed={}", if is_release { "../../web-ui/dist" } else { "build.rs" });
}
