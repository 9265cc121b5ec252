//! The weights of a network by the names they have in model folders.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Every weight, row-major, by its name: `embed_tokens`, `layers.0.attention_norm.weight`, ...
#[must_use]
pub fn named(network: &impl Module) -> BTreeMap<String, Vec<f32>> {
    let mut names = Names::default();
    network.visit(&mut names);
    names.found
}

#[derive(Default)]
struct Names {
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Names {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().into_data().convert::<f32>().iter::<f32>().collect();
        self.found.insert(self.path.join("."), values);
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        // A norm's factor and offset are called as in the published forms.
        let name = match name {
            "gamma" => "weight",
            "beta" => "bias",
            other => other,
        };
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}
