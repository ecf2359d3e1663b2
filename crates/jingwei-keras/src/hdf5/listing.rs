//! Walks the tree from the root.

use std::collections::{HashMap, HashSet};

use jingwei_core::{Limits, Text};
use jingwei_read::{PICKLE_FRONT, Sighting, Source, ValueSpan, shown};

use super::{
    Attribute, Content, ExternalForm, Hdf5Listing, Hdf5Object,
    file::{Cursor, File},
    group,
    header::{self, Message},
    heap::GlobalHeaps,
    message::{self, Datatype, Kind, Layout, Link, RawAttribute, Target},
    rings, sources, superblock,
};
use crate::{fault::Fault, notes::Notes};

/// A dataset that claims less than this is no bomb (bytes).
const BOMB_FLOOR: u64 = 4 << 30;

/// Values that may be pickles and are handed out to be looked at.
const PICKLES: usize = 4096;
/// Longest file that is searched for rows of objects.
const SEARCHED: u64 = 256 << 20;
/// Collections of values of variable length that are looked through.
const COLLECTIONS: usize = 1 << 16;

const SEVERAL_FILES: (&str, &str) =
    ("文件由多个文件组成，其余文件未检查", "the file is one of several, and the others were not looked at");

pub(super) fn list(source: &mut dyn Source, limits: &Limits) -> Hdf5Listing {
    let mut lister = Lister {
        file: File::new(source, limits),
        heaps: GlobalHeaps::default(),
        objects: Vec::new(),
        notes: Notes::default(),
        pickles: Vec::new(),
        addresses: HashMap::new(),
    };
    if let Err(fault) = lister.all() {
        lister.notes.see(fault.sighting());
    }
    let Lister { objects, notes, pickles, .. } = lister;
    Hdf5Listing { objects, sightings: notes.inspection.sightings, pickles }
}

struct Lister<'a> {
    file: File<'a>,
    heaps: GlobalHeaps,
    objects: Vec<Hdf5Object>,
    notes: Notes,
    pickles: Vec<ValueSpan>,
    /// Of each object, where its header stands.
    addresses: HashMap<usize, u64>,
}

/// A hard link that is still to be followed.
struct Open {
    address: u64,
    parent: Option<usize>,
    name: String,
    depth: u32,
}

impl Lister<'_> {
    /// `Err` is what ends the whole reading.
    fn all(&mut self) -> Result<(), Fault> {
        let superblock = superblock::read(&mut self.file)?;
        if superblock.end > self.file.length() {
            let reason = ("文件比其超级块所述的短", "the file is shorter than its superblock says");
            self.notes.see(Fault::broken(self.file.length(), reason.0, reason.1).sighting().key("end"));
        }
        if superblock.driver {
            self.unread(SEVERAL_FILES);
        }
        if let Some(extension) = superblock.extension {
            self.extension(extension)?;
        }
        let mut seen = HashSet::new();
        let mut open = vec![Open { address: superblock.root, parent: None, name: "/".to_owned(), depth: 0 }];
        while let Some(next) = open.pop() {
            if !seen.insert(next.address) {
                if self.lies_above(&next) {
                    let name = next.name.clone();
                    self.notes.see(rings::ring(&name));
                }
                continue;
            }
            let (address, depth) = (next.address, next.depth);
            let (index, links) = self.object(next)?;
            self.addresses.insert(index, address);
            let mut children = Vec::new();
            for link in links {
                self.follow(link, index, depth, &mut children)?;
            }
            children.reverse();
            open.append(&mut children);
        }
        for name in rings::soft(&self.objects) {
            self.notes.see(rings::ring(&name));
        }
        self.rows()
    }

    /// Whether a link leads to an object that it lies in.
    fn lies_above(&self, link: &Open) -> bool {
        let above = std::iter::successors(link.parent, |index| self.objects.get(*index)?.parent);
        above.into_iter().any(|index| self.addresses.get(&index) == Some(&link.address))
    }

    /// Rows of objects, which PyTables unpickles: values of variable length, whatever dataset they belong to.
    fn rows(&mut self) -> Result<(), Fault> {
        let texts = |attribute: &Attribute| attribute.texts.clone().unwrap_or_default();
        let holds_objects = |attribute: &Attribute| {
            let is_text = texts(attribute).iter().any(|text| matches!(text.as_str(), "vlstring" | "vlunicode"));
            attribute.name == "PSEUDOATOM" && !is_text
                || attribute.name == "FLAVOR" && texts(attribute).iter().any(|text| text.eq_ignore_ascii_case("object"))
        };
        if !self.objects.iter().any(|object| object.attributes.iter().any(holds_objects)) {
            return Ok(());
        }
        if self.file.length() > SEARCHED {
            self.unread(("对象行过多，未逐行检查", "it has rows of objects, which were not looked through"));
            return Ok(());
        }
        for collection in self.file.find(b"GCOL\x01\0\0\0", COLLECTIONS) {
            for (address, length) in self.heaps.all(&mut self.file, collection) {
                let mut bytes = self.file.read(address, length)?;
                let at = bytes.position();
                self.pickle("row", at, length, bytes.rest());
            }
        }
        Ok(())
    }

    fn follow(&mut self, link: Link, parent: usize, depth: u32, open: &mut Vec<Open>) -> Result<(), Fault> {
        let content = match link.target {
            Target::Hard(address) => {
                if depth >= self.file.limits.depth {
                    self.notes.see(Sighting::limit("depth", u64::from(self.file.limits.depth)));
                } else {
                    open.push(Open { address, parent: Some(parent), name: link.name, depth: depth + 1 });
                }
                return Ok(());
            }
            Target::Soft(path) => Content::SoftLink { path },
            Target::External { file, path } => Content::External { form: ExternalForm::Link, file, path },
            Target::User(kind) => {
                let (zh, en) = (
                    format!("第 {kind} 类自定义链接未解读"),
                    format!("a link of the user-defined kind {kind} was not read"),
                );
                self.notes.see(Sighting::not_inspected(zh, en).key(&link.name));
                return Ok(());
            }
        };
        self.objects.push(Hdf5Object { parent: Some(parent), name: link.name, content, attributes: Vec::new() });
        Ok(())
    }

    /// Messages about the file as a whole.
    fn extension(&mut self, address: u64) -> Result<(), Fault> {
        let (messages, fault) = header::read(&mut self.file, address);
        self.pass(fault, "superblock extension")?;
        for message in messages {
            match message.kind {
                header::DRIVER => self.unread(SEVERAL_FILES),
                // It replaces structures that stand elsewhere in the file.
                header::CACHE_IMAGE => {
                    self.unread(("元数据缓存映像未解读", "an image of the metadata cache was not read"))
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn unread(&mut self, (zh, en): (&str, &str)) {
        self.notes.see(Sighting::not_inspected(zh, en).key(en));
    }

    /// Notes a fault of one object; a final one ends everything.
    fn pass(&mut self, fault: Option<Fault>, name: &str) -> Result<(), Fault> {
        match fault {
            Some(fault) if fault.is_final() => Err(fault),
            Some(fault) => {
                self.notes.see(fault.sighting().key(name));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Reads one object. The answer is its index and its links.
    fn object(&mut self, at: Open) -> Result<(usize, Vec<Link>), Fault> {
        let (mut messages, fault) = header::read(&mut self.file, at.address);
        self.pass(fault, &at.name)?;
        let index = self.objects.len();
        self.objects.push(Hdf5Object {
            parent: at.parent,
            name: at.name.clone(),
            content: Content::Group,
            attributes: Vec::new(),
        });
        let mut links = Vec::new();
        let mut dataset = Dataset::default();
        for message in &mut messages {
            let result = self.message(message, index, &mut links, &mut dataset);
            self.pass(result.err(), &at.name)?;
        }
        if dataset.layout.is_some() {
            let result = self.dataset(&dataset, index);
            self.pass(result.err(), &at.name)?;
            let numeric = dataset.datatype.is_some_and(|d| d.kind == Kind::Number);
            self.objects[index].content = Content::Dataset { shape: dataset.shape, numeric };
        } else if dataset.datatype.is_some() {
            self.objects[index].content = Content::Datatype;
        }
        Ok((index, links))
    }

    fn message(
        &mut self,
        message: &mut Message,
        index: usize,
        links: &mut Vec<Link>,
        dataset: &mut Dataset,
    ) -> Result<(), Fault> {
        let body = &mut message.body;
        if message.shared && message.kind == header::DATATYPE {
            let address = message::shared(body)?.ok_or_else(unread_shared)?;
            dataset.datatype = Some(self.committed(address)?);
            return Ok(());
        }
        if message.shared {
            return Err(unread_shared());
        }
        match message.kind {
            header::DATASPACE => dataset.shape = message::dataspace(body)?,
            header::DATATYPE => dataset.datatype = Some(message::datatype(body)?),
            header::LAYOUT => dataset.layout = Some(message::layout(body)?),
            header::FILTERS => {
                let name = self.objects[index].name.clone();
                for (id, filter) in message::filters(body)? {
                    if !message::FILTERS.contains(&id) {
                        self.notes.see(plug_in(&name, id, &filter));
                    }
                }
            }
            header::LINK => links.push(message::link(body)?),
            header::LINK_INFO => group::link_info(&mut self.file, body, links)?,
            header::SYMBOL_TABLE => group::symbol_table(&mut self.file, body, links)?,
            header::ATTRIBUTE => self.attribute(body, index)?,
            header::ATTRIBUTE_INFO => {
                let (heap, indexes) = group::attribute_info(body)?;
                let mut bodies = Vec::new();
                let read = group::dense(&mut self.file, heap, indexes, |_, body| {
                    bodies.push(body);
                    Ok(())
                });
                for mut body in bodies {
                    self.attribute(&mut body, index)?;
                }
                read?;
            }
            header::EXTERNAL_FILES => {
                for file in sources::external_files(&mut self.file, body)? {
                    self.external(index, ExternalForm::Storage, file);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn attribute(&mut self, body: &mut Cursor, index: usize) -> Result<(), Fault> {
        let RawAttribute { name, datatype, shape, mut data } = message::attribute(body)?;
        let datatype = match datatype {
            Ok(datatype) => datatype,
            Err(address) => self.committed(address)?,
        };
        self.pickle(&name, data.position(), data.left() as u64, data.ahead());
        let texts = message::texts(&mut self.file, &mut self.heaps, datatype, shape.as_deref(), &mut data)?;
        self.objects[index].attributes.push(Attribute { name, shape, texts });
        Ok(())
    }

    /// Notes a value that begins like a pickle, or ends like one: that is what PyTables goes by. `bytes` may be its front.
    fn pickle(&mut self, name: &str, offset: u64, length: u64, bytes: &[u8]) {
        let end = bytes.iter().rposition(|byte| *byte != 0).map(|last| bytes[last]);
        let is_whole = bytes.len() as u64 == length && length > 2;
        if !(jingwei_read::begins_like_pickle(bytes) || is_whole && end == Some(b'.')) {
            return;
        }
        if self.pickles.len() >= PICKLES {
            return self.notes.see(Sighting::limit("entries", PICKLES as u64).key("pickles"));
        }
        self.pickles.push(ValueSpan { name: shown(name), offset, length });
    }

    /// A type that has a name of its own in the file.
    fn committed(&mut self, address: u64) -> Result<Datatype, Fault> {
        let (messages, fault) = header::read(&mut self.file, address);
        let found = messages.into_iter().find(|m| m.kind == header::DATATYPE && !m.shared);
        match (found, fault) {
            (Some(mut message), _) => message::datatype(&mut message.body),
            (None, Some(fault)) => Err(fault),
            (None, None) => Err(Fault::broken(address, "所指的类型不存在", "the type that is asked for is not there")),
        }
    }

    fn external(&mut self, parent: usize, form: ExternalForm, file: String) {
        let content = Content::External { form, file, path: String::new() };
        self.objects.push(Hdf5Object { parent: Some(parent), name: String::new(), content, attributes: Vec::new() });
    }

    /// Holds what a dataset claims against the file.
    fn dataset(&mut self, dataset: &Dataset, index: usize) -> Result<(), Fault> {
        let item = dataset.datatype.map_or(0, |d| u64::from(d.size));
        let claimed = dataset.shape.iter().flatten().fold(item, |n, side| n.saturating_mul(*side));
        let ratio = self.file.limits.expansion_ratio;
        if claimed > BOMB_FLOOR && claimed > self.file.length().saturating_mul(ratio) {
            let name = self.objects[index].name.clone();
            let (zh, en) = (
                format!("数据集 {} 声称有 {claimed} 字节，超过文件的 {ratio} 倍", shown(&name)),
                format!("the dataset {} claims {claimed} bytes, more than {ratio} times its file", shown(&name)),
            );
            self.notes.see(Sighting::new("model.archive-bomb").key(&name).with_text("reason", Text::new(zh, en)));
        }
        let outside = |file: &File<'_>, address| {
            Fault::broken(
                file.base.saturating_add(address),
                "数据集的值在文件之外",
                "the values of a dataset lie outside the file",
            )
        };
        match &dataset.layout {
            Some(Layout::Contiguous { address, length }) if !self.file.is_undefined(*address) => {
                let address = *address;
                let length = length.unwrap_or(claimed);
                let end = self.file.base.checked_add(address).and_then(|start| start.checked_add(length));
                if end.is_none_or(|end| end > self.file.length()) {
                    return Err(outside(&self.file, address));
                }
                let mut front = self.file.read(address, length.min(PICKLE_FRONT))?;
                let name = self.objects[index].name.clone();
                self.pickle(&name, front.position(), length, front.rest());
            }
            Some(Layout::Compact { offset, length, front }) => {
                let name = self.objects[index].name.clone();
                self.pickle(&name, *offset, *length, front);
            }
            Some(Layout::Chunked { address })
                if !self.file.is_undefined(*address) && self.file.offset(*address).is_none() =>
            {
                return Err(outside(&self.file, *address));
            }
            Some(Layout::Virtual { heap, index: object }) => {
                match sources::virtual_files(&mut self.file, &mut self.heaps, *heap, *object) {
                    Ok(files) => {
                        for file in files.into_iter().filter(|file| file != ".") {
                            self.external(index, ExternalForm::Virtual, file);
                        }
                    }
                    Err(fault) if fault.is_final() => return Err(fault),
                    // What cannot be read may name any file.
                    Err(fault) => {
                        self.external(index, ExternalForm::Virtual, "?".to_owned());
                        return Err(fault);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A filter that the library does not bring, so that it looks for one to load.
fn plug_in(name: &str, id: u16, filter: &str) -> Sighting {
    let shown = if filter.is_empty() { id.to_string() } else { format!("{id} {filter}") };
    Sighting::new("model.hdf5-filter-plugin").key(&shown).with("name", name).with("filter", &shown)
}

fn unread_shared() -> Fault {
    Fault::Unread {
        reason: Text::new("共享消息堆中的内容未解读", "content in a heap of shared messages was not read")
    }
}

/// What the messages of a dataset say.
#[derive(Default)]
struct Dataset {
    shape: Option<Vec<u64>>,
    datatype: Option<Datatype>,
    layout: Option<Layout>,
}
