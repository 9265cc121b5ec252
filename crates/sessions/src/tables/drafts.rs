//! Table `drafts`: texts written in Osler. They have a history of their own, apart from curation.

use documents::Span;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{By, DraftId, EventId, Timestamp};
use crate::journal::{Action, Journaled, Recording, Table, Track, changes, events};
use crate::json;
use crate::library::{Library, Outcome};
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: concat!(
        "
    CREATE TABLE drafts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        generated TEXT NOT NULL,
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        modified_at INTEGER NOT NULL,
        event_id INTEGER NOT NULL REFERENCES events (id)
    ) STRICT;
    ",
        full_text!("drafts_words", "drafts", ["title", "text"])
    ),
}];

/// Saves of one draft that follow each other within this many milliseconds are one step of undo: an editor saves after
/// every pause in typing.
const ONE_STEP: i64 = 10_000;

/// What a draft says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DraftText {
    /// Its title.
    pub title: String,
    /// Its text (Markdown).
    pub text: String,
    /// Stretches of the text that a model wrote and the author has not accepted yet.
    pub generated: Vec<GeneratedSpan>,
}

/// A stretch of a draft that a model wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedSpan {
    /// Where it stands, in bytes.
    #[serde(flatten)]
    pub span: Span,
    /// The model's name.
    #[serde(default)]
    pub model: String,
    /// The seed of its random choices; none where nothing was drawn.
    #[serde(default)]
    pub seed: Option<u32>,
    /// How far sources say it; none where nobody checked, as of all drafts from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<DraftSupport>,
    /// The mark that leaves Osler with it; empty: the one of text without a source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mark: String,
}

/// How far sources say what a model wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftSupport {
    /// One passage says it.
    Supported,
    /// A passage says a part of it.
    Partly,
    /// No source says it.
    None,
}

/// A draft in the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its number.
    pub id: DraftId,
    /// What it says.
    pub content: DraftText,
    /// Who began it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub modified_at: Timestamp,
    /// The event that wrote it as it is.
    pub event: EventId,
}

impl Library {
    /// Begins a draft.
    ///
    /// # Errors
    /// [`Error::OutsideDraft`].
    pub fn begin_draft(&mut self, by: By<'_>, content: &DraftText) -> Result<DraftId> {
        check(content)?;
        self.act(by, Action::BeginDraft, None, |recording| {
            let id = DraftId(recording.next_key(Table::Drafts)?);
            recording.insert(&Draft {
                id,
                content: content.clone(),
                author: by.who.to_owned(),
                created_at: by.at,
                modified_at: by.at,
                event: recording.event,
            })?;
            Ok(id)
        })
    }

    /// Saves a draft. Saves shortly after each other are one step of undo.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OutsideDraft`].
    pub fn save_draft(&mut self, by: By<'_>, id: DraftId, content: &DraftText) -> Result<()> {
        check(content)?;
        self.writing(|transaction| {
            let old = get(transaction, id)?;
            if old.content == *content {
                return Ok(((), Outcome::Drop));
            }
            let last = events::last(transaction, by.who, Track::Writing)?.filter(|last| {
                last.id == old.event
                    && last.action == Action::EditDraft
                    && (0..ONE_STEP).contains(&(by.at.0 - last.made_at.0))
            });
            // What a colleague has undone says how it differs from this very text: it must not change under its event.
            let last = match last {
                Some(last) if changes::rests_on(transaction, last.id, Table::Drafts, id.0)? => None,
                last => last,
            };
            let saved = |event| Draft { content: content.clone(), modified_at: by.at, event, ..old.clone() };
            match last {
                // The journal keeps the text from before the first of these saves.
                Some(last) => {
                    let new = saved(last.id);
                    if let Some(image) = changes::image_of(transaction, last.id, Table::Drafts, id.0)? {
                        let before = Draft::from_image(&image, Some(&old))?.image(Some(&new))?;
                        changes::set_image(transaction, last.id, Table::Drafts, id.0, &before)?;
                    }
                    new.write(transaction)?;
                }
                None => {
                    let mut recording = Recording::begin(transaction, by, Action::EditDraft, None)?;
                    recording.replace(&old, &saved(recording.event))?;
                }
            }
            Ok(((), Outcome::Commit))
        })
    }

    /// Takes a draft away.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn remove_draft(&mut self, by: By<'_>, id: DraftId) -> Result<()> {
        self.act(by, Action::RemoveDraft, None, |recording| {
            let old = get(recording.connection, id)?;
            recording.remove(&old)
        })
    }

    /// A draft.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn draft(&self, id: DraftId) -> Result<Draft> {
        self.reading(|connection| get(connection, id))
    }

    /// How many drafts there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn draft_count(&self) -> Result<u64> {
        self.reading(|connection| {
            Ok(connection.prepare_cached("SELECT count(*) FROM drafts")?.query_row([], |row| row.get(0))?)
        })
    }

    /// All drafts, the last saved first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM drafts ORDER BY modified_at DESC, id DESC"
            ))?;
            let mut rows = statement.query([])?;
            let mut drafts = Vec::new();
            while let Some(row) = rows.next()? {
                drafts.push(parse(row)?);
            }
            Ok(drafts)
        })
    }
}

fn check(content: &DraftText) -> Result<()> {
    match content.generated.iter().map(|one| one.span).find(|span| span.slice(&content.text).is_none()) {
        Some(span) => Err(Error::OutsideDraft { span }),
        None => Ok(()),
    }
}

fn get(connection: &Connection, id: DraftId) -> Result<Draft> {
    Draft::read(connection, id.0)?.ok_or(Error::NotFound { what: "draft", id: id.0 })
}

const COLUMNS: &str = "id, title, text, generated, author, created_at, modified_at, event_id";

fn parse(row: &Row<'_>) -> Result<Draft> {
    let generated = json::column(row, 3)?;
    Ok(Draft {
        id: row.get(0)?,
        content: DraftText { title: row.get(1)?, text: row.get(2)?, generated },
        author: row.get(4)?,
        created_at: row.get(5)?,
        modified_at: row.get(6)?,
        event: row.get(7)?,
    })
}

/// A draft as the journal keeps it: beside the text that follows it only what differs, as an hour of typing would else be
/// kept some hundred times whole.
#[derive(Serialize, Deserialize)]
struct Image {
    #[serde(flatten)]
    draft: Draft,
    /// Bytes at the beginning and at the end of the other text that this one has, too; its own text is what lies between.
    /// None in a whole text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<(usize, usize)>,
}

/// How many bytes two texts share at their beginnings, and at their ends beyond that.
fn shared(one: &str, other: &str) -> (usize, usize) {
    let same = |(a, b): &(char, char)| a == b;
    let start: usize = one.chars().zip(other.chars()).take_while(same).map(|(sign, _)| sign.len_utf8()).sum();
    let (one, other) = (&one[start..], &other[start..]);
    let end =
        one.chars().rev().zip(other.chars().rev()).take_while(same).map(|(sign, _)| sign.len_utf8()).sum();
    (start, end)
}

/// Keeps of earlier texts only what differs from the next one, also where an older Osler has kept them whole.
pub(crate) fn shrink_history(connection: &Connection) -> Result<()> {
    let mut statement = connection.prepare("SELECT id FROM drafts")?;
    let ids: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut events = connection.prepare(
        "SELECT c.event_id, c.expected, c.image FROM changes c JOIN events e ON e.id = c.event_id
         WHERE c.record = 'drafts' AND c.key = ?1 AND e.state = 'done' ORDER BY c.event_id DESC",
    )?;
    for id in ids {
        let Some(mut next) = Draft::read(connection, id)? else { continue };
        let mut rows = events.query([id])?;
        while let Some(row) = rows.next()? {
            let (event, expected): (EventId, Option<EventId>) = (row.get(0)?, row.get(1)?);
            let image: Option<String> = row.get(2)?;
            let (Some(image), true) = (image, expected == Some(next.event)) else { break };
            let before = Draft::from_image(&image, Some(&next))?;
            changes::set_image(connection, event, Table::Drafts, id, &before.image(Some(&next))?)?;
            next = before;
        }
    }
    Ok(())
}

impl Journaled for Draft {
    const TABLE: Table = Table::Drafts;

    fn key(&self) -> i64 {
        self.id.0
    }

    fn event(&self) -> EventId {
        self.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let mut statement =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM drafts WHERE id = ?1"))?;
        let mut rows = statement.query([key])?;
        rows.next()?.map(parse).transpose()
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO drafts (id, title, text, generated, author, created_at, modified_at, event_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (id) DO UPDATE SET title = ?2, text = ?3, generated = ?4, modified_at = ?7, event_id = ?8",
            )?
            .execute(params![
                self.id,
                self.content.title,
                self.content.text,
                serde_json::to_string(&self.content.generated)?,
                self.author,
                self.created_at,
                self.modified_at,
                self.event,
            ])?;
        Ok(())
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        connection.prepare_cached("DELETE FROM drafts WHERE id = ?1")?.execute([key])?;
        Ok(())
    }

    fn image(&self, other: Option<&Self>) -> Result<String> {
        let mut image = Image { draft: self.clone(), shared: None };
        if let Some(other) = other {
            let text = &self.content.text;
            let (start, end) = shared(text, &other.content.text);
            image.draft.content.text = text[start..text.len() - end].to_owned();
            image.shared = Some((start, end));
        }
        Ok(serde_json::to_string(&image)?)
    }

    fn from_image(image: &str, other: Option<&Self>) -> Result<Self> {
        let Image { mut draft, shared } = serde_json::from_str(image)?;
        if let Some((start, end)) = shared {
            let text = other.map_or("", |other| other.content.text.as_str());
            let tail = text.len().checked_sub(end).and_then(|from| text.get(from..));
            let (Some(head), Some(tail)) = (text.get(..start), tail) else {
                return Err(Error::damaged(
                    std::path::Path::new(""),
                    "an earlier text of a draft cannot be read",
                ));
            };
            draft.content.text = format!("{head}{}{tail}", draft.content.text);
        }
        Ok(draft)
    }
}
