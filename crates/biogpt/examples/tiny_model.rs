//! Writes a tiny model of random weights into a folder, in the form that Osler loads: for the tests of the window.

use std::error::Error;
use std::path::Path;

use biogpt::Config;
use biogpt::model::WeightType;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: tiny_model FOLDER")?;
    biogpt::model::write_random(Path::new(&folder), &Config::tiny(), WeightType::F32, 7)?;
    Ok(())
}
