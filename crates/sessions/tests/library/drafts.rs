use rusqlite::Connection;
use sessions::{DraftText, Library, Track};

use crate::samples::{Dice, Scratch, assert_sound, by};

/// Bytes that the journal keeps of drafts.
fn journal(scratch: &Scratch) -> u64 {
    let connection = Connection::open(&scratch.path).unwrap();
    let sql = "SELECT coalesce(sum(length(image)), 0) FROM changes WHERE record = 'drafts'";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn text(text: String) -> DraftText {
    DraftText { title: "Discussion".into(), text, generated: Vec::new() }
}

/// A chapter of 50 kB, and an hour of typing at it: a word here and there, saved as an editor does. Gives each text.
fn an_hour(library: &mut Library, saves: i64, apart: i64) -> Vec<String> {
    let mut chapter = "Naloxone reversed the fall of blood pressure – in β-blocked rats, too. ".repeat(700);
    let draft = library.begin_draft(by("ada", 0), &text(chapter.clone())).unwrap();
    let mut dice = Dice(5);
    let mut texts = vec![chapter.clone()];
    for n in 1..=saves {
        let mut place = dice.below(chapter.len() as u64) as usize;
        while !chapter.is_char_boundary(place) {
            place += 1;
        }
        chapter.insert_str(place, " µ-opioid");
        library.save_draft(by("ada", n * apart), draft, &text(chapter.clone())).unwrap();
        texts.push(chapter.clone());
    }
    texts
}

#[test]
fn an_hour_of_typing_keeps_little_and_every_step_can_be_undone_and_redone() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    // Saves that are far enough apart to be a step each: as many as an hour can have.
    let texts = an_hour(&mut library, 360, 10_000);
    let kept = journal(&scratch);
    assert!(kept < 500_000, "{kept} bytes");
    let mut last = texts.len() - 1;
    while last > 0 {
        library.undo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
        last -= 1;
        assert!(library.drafts().unwrap()[0].content.text == texts[last], "after undoing step {last}");
    }
    for (n, expected) in texts.iter().enumerate().skip(1) {
        library.redo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
        assert!(library.drafts().unwrap()[0].content.text == *expected, "after redoing step {n}");
    }
    assert!(journal(&scratch) < 500_000);
    assert_sound(&library);
}

#[test]
fn saves_of_one_step_are_undone_together_to_the_letter() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let texts = an_hour(&mut library, 30, 300);
    library.undo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
    assert!(library.drafts().unwrap()[0].content.text == texts[0]);
    library.redo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
    assert!(library.drafts().unwrap()[0].content.text == texts[30]);
    assert_eq!(library.draft_count().unwrap(), 1);
    let draft = library.drafts().unwrap()[0].id;
    library.remove_draft(by("ada", 9_000_001), draft).unwrap();
    assert_eq!(library.draft_count().unwrap(), 0);
    library.undo(by("ada", 9_000_002), Track::Writing).unwrap().unwrap();
    library.undo(by("ada", 9_000_003), Track::Writing).unwrap().unwrap();
    assert!(library.drafts().unwrap()[0].content.text == texts[0]);
}

/// As an older Osler kept them: every earlier text whole.
#[test]
fn whole_texts_of_an_older_journal_are_read_and_compacted() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let texts = an_hour(&mut library, 20, 10_000);
    let connection = Connection::open(&scratch.path).unwrap();
    for (n, text) in texts[..20].iter().enumerate() {
        let sql = "UPDATE changes SET image = json_remove(json_set(image, '$.content.text', ?1), '$.shared')
                   WHERE record = 'drafts' AND image IS NOT NULL AND id = (SELECT id FROM changes
                        WHERE record = 'drafts' AND image IS NOT NULL ORDER BY id LIMIT 1 OFFSET ?2)";
        assert_eq!(connection.execute(sql, rusqlite::params![text, n]).unwrap(), 1);
    }
    drop(connection);
    assert!(journal(&scratch) > 900_000);
    library.undo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
    assert!(library.drafts().unwrap()[0].content.text == texts[19]);
    library.redo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
    let done = library.compact().unwrap();
    assert!(done.bytes_before > done.bytes_after + 500_000, "{done:?}");
    assert!(journal(&scratch) < 50_000, "{}", journal(&scratch));
    for text in texts[..20].iter().rev() {
        library.undo(by("ada", 9_000_000), Track::Writing).unwrap().unwrap();
        assert!(library.drafts().unwrap()[0].content.text == *text);
    }
    assert_sound(&library);
}

/// Ada's undone edit says how it differs from Ben's text. He goes on typing at once: hers must not come back as a mixture.
#[test]
fn typing_on_changes_nothing_that_a_colleague_has_undone() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let draft = library.begin_draft(by("ben", 0), &text("One sentence.".into())).unwrap();
    let save = |library: &mut Library, who, at, words: &str| {
        library.save_draft(by(who, at), draft, &text(words.to_owned())).unwrap();
    };
    save(&mut library, "ben", 20_000, "One sentence. Two.");
    save(&mut library, "ada", 21_000, "One sentence. Two. Ada's.");
    library.undo(by("ada", 22_000), Track::Writing).unwrap().unwrap();
    save(&mut library, "ben", 23_000, "No sentence at all.");
    let redone = library.redo(by("ada", 24_000), Track::Writing);
    assert!(matches!(redone, Err(sessions::Error::Overtaken { .. })), "{redone:?}");
    assert_eq!(library.draft(draft).unwrap().content.text, "No sentence at all.");
    library.undo(by("ben", 25_000), Track::Writing).unwrap().unwrap();
    library.redo(by("ada", 26_000), Track::Writing).unwrap().unwrap();
    assert_eq!(library.draft(draft).unwrap().content.text, "One sentence. Two. Ada's.");
}
