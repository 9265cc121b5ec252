//! Encoders on Mesa's software adapter (lavapipe). `CUBECL_AUTOTUNE_LEVEL=minimal`, which `cargo xtask check` sets, spares a
//! search for the fastest kernels.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

#[path = "encoder/reference.rs"]
#[allow(dead_code, reason = "the other test program uses more of it")]
mod reference;

use std::sync::OnceLock;

use bert::model::WeightType;
use bert::{Model, Tokens};
use burn::tensor::Device;
use devices::{Need, Request};

use reference::{largest_difference, models};

/// The software adapter, if this machine has one. It is opened once in a process.
fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let device = DEVICE.get_or_init(|| {
        let chosen = devices::choose(Request::Software, Need::default(), &devices::list());
        match chosen.map(|chosen| devices::open(&chosen.adapter)) {
            Ok(device) => Some(device.unwrap()),
            Err(error) => {
                eprintln!("skipped: no software adapter (Debian: mesa-vulkan-drivers) was found: {error}");
                None
            }
        }
    });
    device.as_ref()
}

/// In batches, which are padded there; the 8-bit weights are those of the processor, the activations stay whole.
#[test]
fn padded_batches_give_what_the_reference_gives_for_single_texts() {
    let Some(device) = device() else { return };
    for reference in models() {
        let form = &reference.forms()[0];
        let model = Model::load(form, device).unwrap();
        let mut compared = 0;
        // One batch of texts of different lengths: each shape has kernels of its own, whose compilation takes its time.
        let every = reference.cases.len().div_ceil(12);
        let numbers: Vec<usize> = (0..reference.cases.len().min(30)).step_by(every).collect();
        let texts: Vec<Tokens> = numbers.iter().map(|number| reference.cases[*number].tokens()).collect();
        let (hidden, logits) = (model.hidden(&texts).unwrap(), model.logits(&texts).unwrap());
        for (place, number) in numbers.iter().enumerate() {
            for (name, found) in [("hidden", &hidden[place]), ("logits", &logits[place])] {
                let Some(wanted) = reference.floats(*number, name) else { continue };
                let off = largest_difference(found, &wanted);
                assert!(off < 1e-3, "{} case {number}: {name} {off}", reference.name());
                compared += 1;
            }
        }
        println!("{}: {compared} tensors compared", reference.name());
        assert!(compared > 5, "{}", reference.name());
    }
}

#[test]
fn eight_bits_are_those_of_the_processor_but_for_rounded_activations() {
    let Some(device) = device() else { return };
    let reference = &reference::fixtures()[0];
    let [there, here] = [device, &Device::flex()]
        .map(|device| Model::load(&reference.forms()[0], device).unwrap().quantize(WeightType::Q8));
    let texts: Vec<Tokens> = reference.cases.iter().map(|case| case.tokens()).collect();
    let (found, wanted) = (there.logits(&texts).unwrap(), here.logits(&texts).unwrap());
    for (found, wanted) in found.iter().zip(&wanted) {
        let off = largest_difference(found, wanted);
        assert!(off < 0.1, "{off}");
    }
}
