//! The architecture as a test: layers, purity, what lies at the top level, file lengths.
//!
//! The table below is the one of `ARCHITECTURE.md`. A crate depends only on lower layers and crates of one layer do
//! not know each other; `tests` and `benches` may use anything. Each rule is a function from facts to a list of
//! violations, so that the rules themselves are tested at the end of this file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Crate name without its `lianmai-` prefix, and its layer.
const LAYERS: &[(&str, u8)] = &[
    ("media", 0),
    ("rooms", 0),
    ("hub", 1),
    ("rtmp", 2),
    ("bridge", 2),
    ("recorder", 2),
    ("cluster", 2),
    ("mixer", 3),
    ("control", 3),
    ("gateway", 4),
];

/// Packages outside `crates/` that no crate may depend on and that may depend on any crate.
const UNLAYERED: &[&str] = &["tests", "benches"];

/// Crates (by first word of the name) that do I/O, read a clock or draw randomness: not for layer 0.
const IMPURE: &[&str] = &[
    "axum",
    "chrono",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "libc",
    "mio",
    "nix",
    "rand",
    "redis",
    "reqwest",
    "rustix",
    "rustls",
    "socket2",
    "sqlx",
    "time",
    "tokio",
    "tower",
    "tungstenite",
    "ureq",
    "uuid",
    "webrtc",
];

/// The one crate that links FFmpeg, and what linking it looks like.
const FFMPEG_CRATE: &str = "mixer";
const FFMPEG: &[&str] = &["ffmpeg", "rsmpeg", "rusty_ffmpeg", "stainless_ffmpeg"];

/// Sources that get time, randomness and bytes from their caller.
const PURE_SOURCES: &[&str] = &[
    "crates/media/src/",
    "crates/rooms/src/",
    "crates/rtmp/src/protocol",
];
const IMPURE_WORDS: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "rand::",
    "getrandom",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::fs",
    "std::env",
    "std::thread",
    "thread::sleep",
    "tokio",
];

/// Everything that may lie at the top level of the repository.
const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".config",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "benches",
    "clippy.toml",
    "config",
    "console",
    "crates",
    "deny.toml",
    "docs",
    "examples",
    "fuzz",
    "rustfmt.toml",
    "scripts",
    "sdk",
    "tests",
];

/// The longest a source file may be before its tests, and what counts as source.
const MAX_LINES: usize = 600;
/// Files that no person writes.
const GENERATED: &[&str] = &["sdk/js/src/wire/openapi.ts"];
const SOURCE_EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "css", "sh", "sql", "c", "h"];

/// One package of the workspace with the names of what it depends on (all kinds: normal, build, dev).
#[derive(Debug)]
struct Package {
    name: String,
    folder: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    dev: bool,
}

// Facts -----------------------------------------------------------------------------------------

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .current_dir(root())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn workspace() -> Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let text =
        output_of(Command::new(cargo).args(["metadata", "--offline", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let top = metadata["workspace_root"].as_str().context("workspace_root")?;
    let packages = metadata["packages"].as_array().context("packages")?;
    packages
        .iter()
        .map(|package| read_package(package, top))
        .collect()
}

fn read_package(package: &Value, top: &str) -> Result<Package> {
    let text = |value: &Value| {
        value
            .as_str()
            .map(str::to_owned)
            .context("a string was expected in the metadata")
    };
    let manifest = text(&package["manifest_path"])?;
    let folder = Path::new(&manifest)
        .strip_prefix(top)?
        .parent()
        .context("a manifest lies in a folder")?;
    let dependencies = package["dependencies"].as_array().context("dependencies")?;
    Ok(Package {
        name: text(&package["name"])?,
        folder: folder.to_string_lossy().into_owned(),
        dependencies: dependencies
            .iter()
            .map(|d| {
                Ok(Dependency {
                    name: text(&d["name"])?,
                    dev: d["kind"].as_str() == Some("dev"),
                })
            })
            .collect::<Result<_>>()?,
    })
}

fn git_files(options: &[&str]) -> Result<Vec<String>> {
    let text = output_of(Command::new("git").args(["ls-files", "-z"]).args(options))?;
    Ok(text
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Tracked files, and new ones that are not ignored, that exist now and are of a source language.
fn sources() -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for name in git_files(&["--cached", "--others", "--exclude-standard", "--deduplicate"])? {
        let path = root().join(&name);
        let extension = Path::new(&name)
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        if SOURCE_EXTENSIONS.contains(&extension) && path.is_file() {
            found.push((name, String::from_utf8_lossy(&std::fs::read(path)?).into_owned()));
        }
    }
    ensure!(!found.is_empty(), "git lists no source files");
    Ok(found)
}

// Rules -----------------------------------------------------------------------------------------

fn layer_of(short: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == short)
        .map(|(_, layer)| *layer)
}

fn starts_with_word(name: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        name.strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

fn layer_violations(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let Some(short) = package.name.strip_prefix("lianmai-") else {
            found.push(format!("{}: packages are named lianmai-<folder>", package.name));
            continue;
        };
        if UNLAYERED.contains(&short) {
            continue;
        }
        let Some(layer) = layer_of(short) else {
            found.push(format!(
                "{}: not in the layer table; a new crate needs a reason and a row",
                package.name
            ));
            continue;
        };
        if package.folder != format!("crates/{short}") {
            found.push(format!(
                "{}: lies in {}, expected crates/{short}",
                package.name, package.folder
            ));
        }
        for dependency in &package.dependencies {
            let Some(other) = dependency.name.strip_prefix("lianmai-") else {
                continue;
            };
            match layer_of(other) {
                None => found.push(format!("{short} (L{layer}) may not depend on {other}, which has no layer")),
                Some(below) if below >= layer => found.push(format!(
                    "{short} (L{layer}) may not depend on {other} (L{below}): a crate depends only on lower layers"
                )),
                Some(_) => {}
            }
        }
    }
    found
}

fn outside_dependency_violations(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let short = package.name.strip_prefix("lianmai-").unwrap_or(&package.name);
        for dependency in &package.dependencies {
            if layer_of(short) == Some(0) && !dependency.dev && starts_with_word(&dependency.name, IMPURE) {
                found.push(format!(
                    "{short} (L0) is pure and may not depend on {}",
                    dependency.name
                ));
            }
            if short != FFMPEG_CRATE && starts_with_word(&dependency.name, FFMPEG) {
                found.push(format!(
                    "{short} depends on {}: only {FFMPEG_CRATE} links FFmpeg",
                    dependency.name
                ));
            }
        }
    }
    found
}

fn top_level_violations(files: &[String]) -> Vec<String> {
    let names: BTreeSet<&str> = files.iter().filter_map(|file| file.split('/').next()).collect();
    names
        .into_iter()
        .filter(|name| !TOP_LEVEL.contains(name))
        .map(|name| format!("{name}: not in the list of what may lie at the top level"))
        .collect()
}

/// The lines before the tests of a file. Files that hold nothing but tests have none.
fn production_lines<'a>(name: &str, text: &'a str) -> Vec<&'a str> {
    if name.ends_with("/tests.rs") || (name.starts_with("crates/") && name.contains("/tests/")) {
        return Vec::new();
    }
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .collect()
}

fn length_violation(name: &str, text: &str) -> Option<String> {
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .count();
    (lines > MAX_LINES).then(|| {
        format!(
            "{name}: {lines} lines before its tests (limit {MAX_LINES}): which part has a name of its own?"
        )
    })
}

fn purity_violations(name: &str, text: &str) -> Vec<String> {
    if !name.ends_with(".rs") || !PURE_SOURCES.iter().any(|pure| name.starts_with(pure)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in production_lines(name, text).into_iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for word in IMPURE_WORDS.iter().filter(|word| mentions(code, word)) {
            found.push(format!(
                "{name}:{}: `{word}` in code that must be pure",
                index + 1
            ));
        }
    }
    found
}

/// Whether `word` stands in `code` not as the end of a longer identifier (`operand::` is not `rand::`).
fn mentions(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

fn report(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}\n", violations.join("\n  "));
}

// The checks ------------------------------------------------------------------------------------

#[test]
fn crates_depend_only_on_lower_layers() -> Result<()> {
    report("layers of the crates", &layer_violations(&workspace()?));
    Ok(())
}

#[test]
fn outside_dependencies_are_where_they_belong() -> Result<()> {
    report(
        "outside dependencies",
        &outside_dependency_violations(&workspace()?),
    );
    Ok(())
}

#[test]
fn top_level_holds_only_what_is_listed() -> Result<()> {
    report(
        "top level of the repository",
        &top_level_violations(&git_files(&["--cached"])?),
    );
    Ok(())
}

#[test]
fn no_source_file_is_too_long() -> Result<()> {
    let long: Vec<_> = sources()?
        .iter()
        .filter(|(name, _)| !GENERATED.contains(&name.as_str()))
        .filter_map(|(name, text)| length_violation(name, text))
        .collect();
    report("file length", &long);
    Ok(())
}

#[test]
fn pure_sources_do_no_io_and_read_no_clock() -> Result<()> {
    let impure: Vec<_> = sources()?
        .iter()
        .flat_map(|(name, text)| purity_violations(name, text))
        .collect();
    report("pure sources", &impure);
    Ok(())
}

// The rules themselves --------------------------------------------------------------------------

#[cfg(test)]
mod rules {
    use super::*;

    fn package(short: &str, dependencies: &[&str]) -> Package {
        let dependency = |name: &&str| Dependency {
            name: (*name).to_owned(),
            dev: false,
        };
        Package {
            name: format!("lianmai-{short}"),
            folder: format!("crates/{short}"),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    #[test]
    fn upward_sideways_and_unknown_dependencies_are_found() {
        let allowed = [
            package("hub", &["lianmai-media"]),
            package("tests", &["lianmai-gateway"]),
        ];
        assert_eq!(layer_violations(&allowed), Vec::<String>::new());
        for (from, to) in [
            ("media", "hub"),
            ("rtmp", "bridge"),
            ("media", "rooms"),
            ("control", "tests"),
        ] {
            let violations = layer_violations(&[package(from, &[&format!("lianmai-{to}")])]);
            assert_eq!(violations.len(), 1, "{from} -> {to}: {violations:?}");
        }
        assert_eq!(layer_violations(&[package("helpers", &[])]).len(), 1);
    }

    #[test]
    fn impure_and_ffmpeg_dependencies_are_found() {
        assert!(outside_dependency_violations(&[package("hub", &["tokio"])]).is_empty());
        assert!(outside_dependency_violations(&[package("mixer", &["ffmpeg-next"])]).is_empty());
        assert!(outside_dependency_violations(&[package("rooms", &["bytes", "randomness"])]).is_empty());
        assert_eq!(
            outside_dependency_violations(&[package("rooms", &["tokio-util", "rand"])]).len(),
            2
        );
        assert_eq!(
            outside_dependency_violations(&[package("gateway", &["ffmpeg-next"])]).len(),
            1
        );
    }

    #[test]
    fn stray_files_and_long_files_are_found() {
        let files = ["crates/media/src/lib.rs", "notes.txt", "target/x"].map(str::to_owned);
        assert_eq!(top_level_violations(&files).len(), 2);
        let long = "x\n".repeat(MAX_LINES + 1);
        assert!(length_violation("a.rs", &long).is_some());
        assert!(length_violation("a.rs", &format!("x\n#[cfg(test)]\n{long}")).is_none());
    }

    #[test]
    fn impure_words_are_found_in_code_only() {
        let name = "crates/media/src/a.rs";
        assert_eq!(purity_violations(name, "let now = Instant::now();").len(), 1);
        assert_eq!(
            purity_violations(name, "use rand::Rng;\nuse tokio::net;").len(),
            2
        );
        assert!(purity_violations(name, "let x = 1; // Instant::now").is_empty());
        assert!(purity_violations(name, "operand::parse();\n#[cfg(test)]\nuse tokio::net;").is_empty());
        assert!(purity_violations("crates/rtmp/src/server.rs", "tokio::spawn(x)").is_empty());
    }
}
