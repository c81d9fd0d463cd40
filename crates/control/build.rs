//! Makes sure that there is a console to embed: where it has not been built, a page that says so.

use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>lianmai</title>\n\
    <p>The console has not been built. Build it in <code>console/</code> and compile again.</p>\n</html>\n";

fn main() -> io::Result<()> {
    let dist = Path::new("../../console/dist");
    println!("cargo::rerun-if-changed=../../console/dist");
    println!("cargo::rerun-if-changed=build.rs");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(dist)?;
        fs::write(dist.join("index.html"), PLACEHOLDER)?;
    }
    Ok(())
}
