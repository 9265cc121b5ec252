//! Table `tallies`: how many there are, kept by triggers so that nobody counts rows. What is out of sight is not counted.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::error::Result;
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE tallies (
        name TEXT NOT NULL,
        curator TEXT NOT NULL,  -- empty for what is nobody's
        n INTEGER NOT NULL,
        PRIMARY KEY (name, curator)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tallies VALUES ('documents', '', 0), ('findings', '', 0);

    CREATE TRIGGER tally_documents_insert AFTER INSERT ON documents BEGIN
        UPDATE tallies SET n = n + 1 WHERE name = 'documents' AND curator = '';
    END;
    CREATE TRIGGER tally_documents_delete AFTER DELETE ON documents BEGIN
        UPDATE tallies SET n = n - 1 WHERE name = 'documents' AND curator = '';
    END;

    CREATE TRIGGER tally_findings_insert AFTER INSERT ON findings
    WHEN NOT EXISTS (SELECT 1 FROM removals WHERE document_id = new.document_id) BEGIN
        UPDATE tallies SET n = n + 1 WHERE name = 'findings' AND curator = '';
    END;
    CREATE TRIGGER tally_findings_delete AFTER DELETE ON findings
    WHEN NOT EXISTS (SELECT 1 FROM removals WHERE document_id = old.document_id) BEGIN
        UPDATE tallies SET n = n - 1 WHERE name = 'findings' AND curator = '';
    END;

    CREATE TRIGGER tally_decisions_insert AFTER INSERT ON decisions
    WHEN NOT EXISTS (SELECT 1 FROM removals WHERE document_id = new.document_id) BEGIN
        INSERT INTO tallies VALUES (new.verdict, new.curator, 1), ('decided', new.curator, new.finding_id IS NOT NULL)
            ON CONFLICT DO UPDATE SET n = n + excluded.n;
    END;
    CREATE TRIGGER tally_decisions_delete AFTER DELETE ON decisions
    WHEN NOT EXISTS (SELECT 1 FROM removals WHERE document_id = old.document_id) BEGIN
        INSERT INTO tallies VALUES (old.verdict, old.curator, -1), ('decided', old.curator, -(old.finding_id IS NOT NULL))
            ON CONFLICT DO UPDATE SET n = n + excluded.n;
    END;
    CREATE TRIGGER tally_decisions_update AFTER UPDATE OF verdict ON decisions
    WHEN NOT EXISTS (SELECT 1 FROM removals WHERE document_id = new.document_id) BEGIN
        INSERT INTO tallies VALUES (old.verdict, old.curator, -1) ON CONFLICT DO UPDATE SET n = n + excluded.n;
        INSERT INTO tallies VALUES (new.verdict, new.curator, 1) ON CONFLICT DO UPDATE SET n = n + excluded.n;
    END;

    CREATE TRIGGER tally_removals_insert AFTER INSERT ON removals BEGIN
        UPDATE tallies SET n = n - 1 WHERE name = 'documents' AND curator = '';
        UPDATE tallies SET n = n - (SELECT count(*) FROM findings WHERE document_id = new.document_id)
            WHERE name = 'findings' AND curator = '';
        INSERT INTO tallies SELECT verdict, curator, -count(*) FROM decisions WHERE document_id = new.document_id
            GROUP BY verdict, curator ON CONFLICT DO UPDATE SET n = n + excluded.n;
        INSERT INTO tallies SELECT 'decided', curator, -count(finding_id) FROM decisions
            WHERE document_id = new.document_id GROUP BY curator ON CONFLICT DO UPDATE SET n = n + excluded.n;
    END;
    CREATE TRIGGER tally_removals_delete AFTER DELETE ON removals BEGIN
        UPDATE tallies SET n = n + 1 WHERE name = 'documents' AND curator = '';
        UPDATE tallies SET n = n + (SELECT count(*) FROM findings WHERE document_id = old.document_id)
            WHERE name = 'findings' AND curator = '';
        INSERT INTO tallies SELECT verdict, curator, count(*) FROM decisions WHERE document_id = old.document_id
            GROUP BY verdict, curator ON CONFLICT DO UPDATE SET n = n + excluded.n;
        INSERT INTO tallies SELECT 'decided', curator, count(finding_id) FROM decisions
            WHERE document_id = old.document_id GROUP BY curator ON CONFLICT DO UPDATE SET n = n + excluded.n;
    END;
    ",
}];

/// How much there is in sight, and how far one curator has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Documents.
    pub documents: u64,
    /// Findings of all runs.
    pub findings: u64,
    /// Findings that the curator has not decided.
    pub undecided: u64,
    /// What the curator accepted (findings and imported annotations).
    pub accepted: u64,
    /// What they rejected.
    pub rejected: u64,
    /// What they edited.
    pub edited: u64,
    /// What they added.
    pub added: u64,
}

impl Library {
    /// How much there is, and how far `curator` has come. Takes the same time in any library.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counts(&self, curator: &str) -> Result<Counts> {
        self.reading(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT n FROM tallies WHERE name = ?1 AND curator = ?2")?;
            let mut tally = |name: &str, curator: &str| -> Result<u64> {
                let mut rows = statement.query(params![name, curator])?;
                Ok(match rows.next()? {
                    Some(row) => row.get(0)?,
                    None => 0,
                })
            };
            let findings = tally("findings", "")?;
            Ok(Counts {
                documents: tally("documents", "")?,
                findings,
                undecided: findings.saturating_sub(tally("decided", curator)?),
                accepted: tally("accept", curator)?,
                rejected: tally("reject", curator)?,
                edited: tally("edit", curator)?,
                added: tally("add", curator)?,
            })
        })
    }
}

/// What there is, counted row by row.
const COUNTED: &str = "
    seen AS (SELECT id FROM documents WHERE id NOT IN (SELECT document_id FROM removals)),
    counted (name, curator, n) AS (
        SELECT 'documents', '', count(*) FROM seen
        UNION ALL SELECT 'findings', '', count(*) FROM findings WHERE document_id IN seen
        UNION ALL SELECT verdict, curator, count(*) FROM decisions WHERE document_id IN seen GROUP BY 1, 2
        UNION ALL SELECT 'decided', curator, count(finding_id) FROM decisions WHERE document_id IN seen GROUP BY 2)";

/// Where the tallies differ from what there is.
pub(crate) fn differences(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare(&format!(
        "WITH {COUNTED}
         SELECT name, t.n, coalesce(c.n, 0) FROM tallies t LEFT JOIN counted c USING (name, curator)
            WHERE t.n <> coalesce(c.n, 0)
         UNION ALL
         SELECT name, 0, n FROM counted WHERE (name, curator) NOT IN (SELECT name, curator FROM tallies)"
    ))?;
    let rows = statement.query_map([], |row| {
        let (name, tally, counted): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{tally} {name} were counted, there are {counted}"))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Counts everything anew.
pub(crate) fn count_again(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM tallies", [])?;
    connection
        .execute(&format!("INSERT INTO tallies WITH {COUNTED} SELECT name, curator, n FROM counted"), [])?;
    Ok(())
}
