//! docs/mini-program.md is complete and names tests that exist.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

/// Names of the tests `row_<nn>_…` in this folder.
fn tests() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(path).unwrap();
            let functions = text.lines().filter_map(|line| {
                let name = line
                    .trim_start()
                    .trim_start_matches("async ")
                    .strip_prefix("fn row_")?;
                name.split_once('(')
            });
            names.extend(functions.map(|(name, _)| format!("row_{name}")));
        }
    }
    names
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mini-program.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut exist = tests();
    for row in 1..=17 {
        let line = page.lines().find(|line| line.starts_with(&format!("| {row} |")));
        let shown = line
            .unwrap_or_else(|| panic!("no row {row}"))
            .rsplit('|')
            .nth(1)
            .unwrap();
        let mut named = shown.split('`').skip(1).step_by(2).peekable();
        assert!(
            named.peek().is_some() || shown.trim().starts_with("none: "),
            "row {row}: {shown}"
        );
        for name in named {
            assert!(
                name.starts_with(&format!("row_{row:02}_")),
                "row {row} names {name}"
            );
            assert!(exist.remove(name), "there is no test {name}");
        }
    }
    assert!(exist.is_empty(), "not on the page: {exist:?}");
}
