//! `osler-cli library`

use std::path::PathBuf;

use serde_json::json;

use crate::Failure;
use crate::session::{CliSession, ModelOption, failure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Read a whole library and list what is wrong with it.
    Check(Place),
    /// Copy a library, then make its indexes and counts anew from the rest of it.
    Repair(Place),
    /// Give back the room that nothing in a library needs any more; everything can still be undone.
    Compact(Place),
}

#[derive(Debug, clap::Args)]
pub struct Place {
    /// The library.
    library: PathBuf,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Command) -> Result<(), Failure> {
    let open = |place: &Place| CliSession::existing(&place.library, &ModelOption::default());
    match command {
        Command::Check(place) => {
            let problems = open(place)?.workbench.opened().check().map_err(failure)?;
            if place.json {
                println!("{}", json!({ "sound": problems.is_empty(), "problems": problems }));
            } else if problems.is_empty() {
                println!("{} is sound", place.library.display());
            } else {
                problems.iter().for_each(|problem| println!("{problem}"));
            }
            match problems.len() {
                0 => Ok(()),
                1 => Err("1 problem: `osler-cli library repair` may mend it".into()),
                many => Err(format!("{many} problems: `osler-cli library repair` may mend them").into()),
            }
        }
        Command::Repair(place) => {
            let done = open(place)?.workbench.opened().repair().map_err(failure)?;
            if place.json {
                println!("{}", json!({ "copy": done.copy, "before": done.before, "after": done.after }));
            } else {
                println!("{} problems before, {} now", done.before.len(), done.after.len());
                println!("the file from before is {}", done.copy.display());
                done.after.iter().for_each(|problem| println!("{problem}"));
            }
            match done.after.is_empty() {
                true => Ok(()),
                false => Err(
                    "not everything could be mended: restore the library from a copy of your own, and keep \
                              this one until you have"
                        .into(),
                ),
            }
        }
        Command::Compact(place) => {
            let done = open(place)?.workbench.opened().compact().map_err(failure)?;
            if place.json {
                println!("{}", json!({ "bytesBefore": done.bytes_before, "bytesAfter": done.bytes_after }));
            } else {
                println!("{} bytes before, {} now", done.bytes_before, done.bytes_after);
            }
            Ok(())
        }
    }
}
