//! Hidden states and logits are the reference's.

use bert::{Model, ReadError, Tokens};
use burn::tensor::Device;

use crate::reference::{fixture, largest_difference, models};

/// As far as the order of sums may move a number.
const CLOSE: f32 = 1e-4;

#[test]
fn hidden_states_and_logits_are_the_references_in_every_form() {
    for reference in models() {
        let mut compared = 0;
        for form in reference.forms() {
            let model = Model::load(&form, &Device::flex()).unwrap();
            for (number, case) in reference.cases.iter().enumerate() {
                let tokens = [case.tokens()];
                if let Some(wanted) = reference.floats(number, "hidden") {
                    let off = largest_difference(&model.hidden(&tokens).unwrap()[0], &wanted);
                    assert!(off < CLOSE, "{} case {number}: hidden {off}", form.display());
                }
                if let Some(wanted) = reference.floats(number, "logits") {
                    let off = largest_difference(&model.logits(&tokens).unwrap()[0], &wanted);
                    assert!(off < CLOSE, "{} case {number}: logits {off}", form.display());
                    compared += 1;
                }
            }
        }
        assert!(compared >= 2, "{} has no logits", reference.name());
    }
}

#[test]
fn texts_that_do_not_fit_the_model_are_refused() {
    let model = Model::load(&fixture("token-bert/hf"), &Device::flex()).unwrap();
    let refused = |ids: &[u32], segments: &[u32]| model.logits(&[Tokens { ids, segments }]).unwrap_err();
    assert_eq!(refused(&[], &[]), ReadError::Empty { text: 0 });
    assert_eq!(refused(&[2; 41], &[0; 41]), ReadError::TooLong { text: 0, length: 41, most: 40 });
    assert_eq!(refused(&[2, 3], &[0]), ReadError::Segments { text: 0, ids: 2, segments: 1 });
    assert!(
        refused(&[2, 150], &[0, 0])
            .to_string()
            .contains("token id 150 at token 1, but this model has only 0 to 149")
    );
    assert!(refused(&[2, 3], &[0, 2]).to_string().contains("segment 2"));
    assert_eq!(model.logits(&[]).unwrap(), Vec::<Vec<f32>>::new());
    let roberta = Model::load(&fixture("masked-roberta/hf"), &Device::flex()).unwrap();
    assert_eq!(roberta.config.max_positions(), 40);
}
