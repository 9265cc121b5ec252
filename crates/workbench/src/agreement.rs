//! How far curators agree with each other, and with a model.

use sessions::ModelChoice;
pub use sessions::{Agreement, Tally};

use crate::error::{Result, not_found};
use crate::library::task_word;
use crate::wire;
use crate::workbench::Workbench;

impl Workbench {
    /// Everyone who has decided something in the open library, by name.
    ///
    /// # Errors
    /// Those of the library.
    pub fn curators(&self) -> Result<Vec<String>> {
        self.opened().with(|library| library.curators())
    }

    /// How far two curators agree, by type. The first one is the reference of precision and recall.
    ///
    /// # Errors
    /// Those of the library; a name that has decided nothing.
    pub fn agreement(&self, first: &str, second: &str) -> Result<Agreement> {
        for name in [first, second] {
            self.check_is_curator(name)?;
        }
        self.opened().with(|library| library.agreement(first, second))
    }

    /// How far a model agrees with a curator, who is the reference. A finding counts from `threshold` on.
    ///
    /// # Errors
    /// Those of the library; a name that has decided nothing.
    pub fn agreement_with_model(
        &self,
        curator: &str,
        task: wire::Task,
        model_sha256: &str,
        threshold: f64,
    ) -> Result<Agreement> {
        self.check_is_curator(curator)?;
        let model = ModelChoice { task: task_word(task), model_sha256, threshold };
        self.opened().with(|library| library.agreement_with_model(curator, &model))
    }

    fn check_is_curator(&self, name: &str) -> Result<()> {
        let curators = self.curators()?;
        if curators.iter().any(|curator| curator == name) {
            return Ok(());
        }
        let who = if curators.is_empty() {
            "Nobody has decided anything yet.".to_owned()
        } else {
            format!("Those who have: {}.", curators.join(", "))
        };
        Err(not_found(format!("`{name}` has decided nothing in this library."), who))
    }
}
