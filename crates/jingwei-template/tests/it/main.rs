mod beside_weights;
#[cfg(test)]
mod configurations;
mod honest_templates;
mod hostile_templates;
mod limits_of_templates;
mod scripts;

use jingwei_core::Limits;

/// The rules by which a template is seen, each once, in order of their names.
fn rules_of(template: &str) -> Vec<&'static str> {
    let inspection = jingwei_template::inspect_template_text(template, &Limits::default());
    let mut rules: Vec<_> = inspection.sightings.iter().map(|sighting| sighting.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
