use jingwei_keras::{Content, ExternalForm, Hdf5Listing};

/// The form in which `peers/hdf5_reference.py` writes what h5py sees: a line for each object and attribute, sorted.
pub fn lines(listing: &Hdf5Listing) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, object) in listing.objects.iter().enumerate() {
        let path = listing.path(index);
        lines.push(match &object.content {
            Content::Group => format!("{path}\tgroup"),
            Content::Datatype => format!("{path}\tdatatype"),
            Content::SoftLink { .. } => format!("{path}\tsoft"),
            Content::Dataset { shape, .. } => format!("{path}\tdataset\t{}", sides(shape.as_deref())),
            Content::External { form, file, path: inner } => {
                let form = match form {
                    ExternalForm::Link => "link",
                    ExternalForm::Storage => "storage",
                    ExternalForm::Virtual => "virtual",
                };
                format!("{}\t{form}\t{file}\t{inner}", path.trim_end_matches('/'))
            }
        });
        for attribute in &object.attributes {
            let texts = attribute.texts.iter().flatten().map(|text| {
                let head: String = text.bytes().take(32).map(|b| format!("{b:02x}")).collect();
                format!("{}:{head}", text.len())
            });
            let texts = texts.collect::<Vec<_>>().join(" ");
            let shape = sides(attribute.shape.as_deref());
            lines.push(format!("{path}@{}\t{shape}\t{texts}", attribute.name));
        }
    }
    lines.sort();
    lines.dedup();
    lines
}

fn sides(shape: Option<&[u64]>) -> String {
    match shape {
        None => "null".to_owned(),
        Some(shape) => format!("({})", shape.iter().map(u64::to_string).collect::<Vec<_>>().join(",")),
    }
}
