//! The steps of the database's schema, in `migrations/`.
//!
//! Listed here and not gathered by `sqlx::migrate!`: that macro would build SQLite a second time, for the compiler.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! steps {
    ($($version:literal $description:literal $file:literal,)*) => {
        [$(($version, $description, include_str!(concat!("../../migrations/", $file)))),*]
    };
}

/// Version, description and statements of each step.
const STEPS: [(i64, &str, &str); 6] = steps![
    1 "initial" "0001_initial.sql",
    2 "recordings" "0002_recordings.sql",
    3 "uploads" "0003_uploads.sql",
    4 "mix assets" "0004_mix_assets.sql",
    5 "calls" "0005_calls.sql",
    6 "deleted apps" "0006_deleted_apps.sql",
];

/// Brings a schema of any earlier version up to date.
pub(super) fn migrator() -> Migrator {
    let steps = STEPS.iter().map(|&(version, description, statements)| {
        let statements = statements.into_sql_str();
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            statements,
            false,
        )
    });
    Migrator::with_migrations(steps.collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn no_file_is_left_out() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let files = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed = STEPS
            .map(|(version, description, _)| format!("{version:04}_{}.sql", description.replace(' ', "_")));
        assert_eq!(files, listed);
    }
}
