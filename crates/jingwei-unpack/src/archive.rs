use jingwei_read::{Sighting, Source};

use crate::{
    budget::Budget,
    feed::Stretch,
    member::{How, Kind, Member, name_of},
    notes::Notes,
    opened::Opened,
    recognise::Packing,
    seven::{self, Folders},
    tar, zip,
};

/// What opening a member costs, in decoded bytes: some members are only names for the same bytes.
const OPEN_FEE: u64 = 16 << 10;
/// Longest target of a link that is read.
const TARGET: u64 = 4 << 10;

/// A zip, tar or 7z archive that was listed.
pub struct Archive<'a> {
    stretch: Stretch<'a>,
    members: Vec<Member>,
    sightings: Vec<Sighting>,
    folders: Folders<'a>,
    budget: Budget,
}

impl<'a> Archive<'a> {
    /// Lists the members, in the order of the archive's directory. Bytes that belong to no member come last, as
    /// [`Kind::Junk`], so that they can be looked at too. A packing that is no archive has none.
    pub fn read(source: &'a mut dyn Source, packing: Packing, budget: &Budget) -> Self {
        let stretch = Stretch::borrowed(source);
        let mut listing = Listing::new(budget.clone());
        let mut folders = Folders::default();
        match packing {
            Packing::Zip => zip::list(&stretch, &mut listing),
            Packing::Tar => tar::list(&stretch, &mut listing),
            Packing::SevenZip => folders = seven::list(&stretch, &mut listing),
            _ => {}
        }
        let Listing { members, mut notes, .. } = listing;
        notes.sightings.extend(budget.verdict());
        Self { stretch, members, sightings: notes.sightings, folders, budget: budget.clone() }
    }

    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What the listing showed; opening a member may show more.
    #[must_use]
    pub fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }

    /// Pays for a member that is not opened, because it holds nothing; false where nothing is left to pay with.
    pub fn pass(&self) -> bool {
        self.budget.spend(OPEN_FEE)
    }

    /// Opens one member, by its index. In the order of the list is fastest. Files and [`Kind::Junk`] have content, and
    /// in a zip also what it calls a link, a device or a pipe: that is a mark in its directory, which loaders pass over.
    pub fn open(&mut self, index: usize) -> Opened<'a> {
        let Some(member) = self.members.get(index) else {
            return Opened::nothing(&self.budget, None);
        };
        let by_mark = matches!(member.how, How::Zip { .. });
        if member.kind == Kind::Folder || matches!(member.kind, Kind::Link { .. } | Kind::Other) && !by_mark {
            return Opened::nothing(&self.budget, None);
        }
        let Some(inner) = self.budget.deeper().filter(|_| self.budget.spend(OPEN_FEE)) else {
            return Opened::nothing(&self.budget, self.budget.verdict());
        };
        match member.how {
            How::Stored => {
                let content = self.stretch.part(member.offset, member.packed_bytes);
                Opened::content(Box::new(content), inner)
            }
            How::Zip { .. } => zip::open(&self.stretch, member, &self.budget, inner),
            How::Seven { .. } => self.folders.open(&self.stretch, member, &self.budget, inner),
            How::Sparse => {
                let why = Sighting::not_inspected("tar 中的稀疏文件不被展开", "sparse files in a tar are not expanded");
                Opened::nothing(&self.budget, Some(why))
            }
            How::Nothing => Opened::nothing(&self.budget, None),
        }
    }
}

/// A list under way.
pub(crate) struct Listing {
    pub(crate) members: Vec<Member>,
    pub(crate) notes: Notes,
    pub(crate) budget: Budget,
}

impl Listing {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { members: Vec::new(), notes: Notes::default(), budget }
    }

    /// No more where the limit of entries is crossed.
    pub(crate) fn add(&mut self, member: Member) -> bool {
        let room = self.budget.enter();
        if room {
            // In a zip it is a mark that loaders pass over, and the member has content.
            if member.kind == Kind::Other && !matches!(member.how, How::Zip { .. }) {
                self.notes.special(&member.name, member.offset);
            }
            self.members.push(member);
        }
        room
    }

    /// Takes the content of a link for its target.
    pub(crate) fn set_target(&mut self, n: usize, content: Option<Box<dyn Source + '_>>) {
        let (Some(mut content), Some(member)) = (content, self.members.get_mut(n)) else { return };
        let mut bytes = vec![0; usize::try_from(content.length().min(TARGET)).unwrap_or(0)];
        let got = content.read_at(0, &mut bytes).unwrap_or(0);
        let target = name_of(&bytes[..got]);
        if content.length() > TARGET {
            let (zh, en) = ("是链接，目标过长", "is a link with an overlong target");
            self.notes.inconsistent(&member.name, member.offset, zh, en);
        }
        self.notes.check_link(&member.name, &target, false, member.offset);
        member.kind = Kind::Link { target };
    }

    /// Bytes that belong to no member.
    pub(crate) fn add_junk(&mut self, key: &str, start: u64, length: u64, whole: u64, (zh, en): (&str, &str)) {
        self.notes.junk(key, start, length, zh, en);
        // The whole would be opened as the same archive again.
        if length < whole {
            self.add_outside(key, start, length);
        }
    }

    /// The same, where such bytes are in their place.
    pub(crate) fn add_outside(&mut self, key: &str, start: u64, length: u64) {
        self.add(Member {
            name: format!("<{key}>"),
            kind: Kind::Junk,
            packed_bytes: length,
            unpacked_bytes: length,
            offset: start,
            encrypted: false,
            how: How::Stored,
        });
    }
}
