//! From a folder to a model on a device.

use std::path::Path;

use devices::{Chosen, Need};

use crate::{BioGpt, Encoder, LanguageModel, LoadError, encoder_need, need};

/// Loads the model of a folder, an encoder or BioGPT, on the device that is asked for; `on_device` receives the decision before the
/// device is opened.
///
/// # Errors
/// If no device fits, or the folder cannot be read.
pub fn load(
    id: &str,
    folder: &Path,
    device: devices::Request,
    on_device: &dyn Fn(&Chosen),
) -> Result<Box<dyn LanguageModel>, LoadError> {
    if bert::model::is_encoder(folder) {
        return Ok(Box::new(Encoder::load(id, folder, device, on_device)?));
    }
    Ok(Box::new(BioGpt::load(id, folder, device, on_device)?))
}

/// What the model of a folder needs of a device; `None` where its configuration cannot be read.
#[must_use]
pub fn need_of_folder(folder: &Path) -> Option<Need> {
    if bert::model::is_encoder(folder) {
        return bert::model::configuration(folder).ok().map(|config| encoder_need(folder, &config));
    }
    biogpt::model::configuration(folder).ok().map(|config| need(folder, &config))
}

/// What weights need of a device: themselves, packed as they are in the file or in single precision, and half as
/// much again to work. `largest` are the elements of its largest tensor, `piece` those of the largest one that is not split.
pub(crate) fn need_of(folder: &Path, parameters: usize, largest: usize, piece: usize) -> Need {
    let floats = parameters as u64 * 4;
    let file = folder.join("model.bpk").metadata().map_or(floats, |about| about.len());
    // Half precision is unpacked, less than that is not.
    if file * 8 < floats * 3 {
        return Need { largest_tensor: largest as u64 * 17 / 16, total: file * 3 / 2 };
    }
    Need { largest_tensor: piece as u64 * 4, total: floats * 3 / 2 }
}

/// Chooses the device for a model and says so before it is opened.
pub(crate) fn choose_device(
    request: devices::Request,
    need: Need,
    on_device: &dyn Fn(&Chosen),
) -> Result<Chosen, LoadError> {
    let chosen = devices::choose(request, need, &devices::list_for(request))?;
    tracing::info!(reason = chosen.reason, "device");
    on_device(&chosen);
    Ok(chosen)
}
