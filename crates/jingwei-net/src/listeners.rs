//! Who listens on a port of this machine, read from the kernel's tables (Linux, proc_net_tcp(5)). The tables
//! show the network namespace of this process: a port that a container publishes is seen where it is published.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use jingwei_core::Limits;

const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
const LISTEN: &str = "0A";

/// Local addresses (`127.0.0.1:8080`, `[::]:8080`) that listen on the port; `None` where the machine has no such tables.
#[must_use]
pub fn listeners_on(port: u16, limits: &Limits) -> Option<Vec<String>> {
    let tables: Vec<String> = TABLES.iter().filter_map(|path| read_table(path, limits)).collect();
    if tables.is_empty() {
        return None;
    }
    let found: BTreeSet<SocketAddr> = tables.iter().flat_map(|t| listeners_in_table(t, port, limits)).collect();
    Some(found.iter().map(ToString::to_string).collect())
}

fn read_table(path: &str, limits: &Limits) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(limits.header_bytes).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The listening sockets of a table. Lines that are not understood are passed over.
#[must_use]
pub fn listeners_in_table(table: &str, port: u16, limits: &Limits) -> BTreeSet<SocketAddr> {
    let most = usize::try_from(limits.entries).unwrap_or(usize::MAX);
    table.lines().take(most).filter_map(listener).filter(|address| address.port() == port).collect()
}

fn listener(line: &str) -> Option<SocketAddr> {
    let mut columns = line.split_ascii_whitespace();
    let (_, local, _, state) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let (address, port) = local.split_once(':')?;
    let port = Some(port).filter(|digits| digits.len() == 4 && is_hex(digits))?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (state == LISTEN).then_some(SocketAddr::new(ip(address)?, port))
}

/// The kernel prints each 32-bit word of the address as a number in the machine's own byte order.
fn ip(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = digits.get(at * 8..at * 8 + 8).filter(|d| is_hex(d))?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match digits.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let mut octets = [0; 16];
            for (at, part) in octets.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            Some(IpAddr::V6(Ipv6Addr::from(octets)))
        }
        _ => None,
    }
}

/// `from_str_radix` alone would take a sign.
fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &str, port: u16, expected: &[&str]) {
        let found = listeners_in_table(table, port, &Limits::default());
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{table}");
    }

    fn row(local: &str, state: &str) -> String {
        format!("   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  0  0 1 1\n")
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn listening_sockets_are_found() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue\n";
        let table = [
            head.to_owned(),
            row("0100007F:1F90", "0A"),
            row("00000000:1F90", "0A"),
            row("0100007F:1F91", "0A"),
            row("0200007F:1F90", "01"),
        ]
        .concat();
        check(&table, 8080, &["0.0.0.0:8080", "127.0.0.1:8080"]);
        check(&table, 8081, &["127.0.0.1:8081"]);
        check(&row("00000000000000000000000000000000:1F90", "0A"), 8080, &["[::]:8080"]);
        check(&row("00000000000000000000000001000000:1F90", "0A"), 8080, &["[::1]:8080"]);
        check(&row("B80D0120000000000000000001000000:1F90", "0A"), 8080, &["[2001:db8::1]:8080"]);
    }

    #[test]
    fn hostile_tables_give_nothing() {
        for table in [
            String::new(),
            "\n\n\n".to_owned(),
            "0:".to_owned(),
            row("", "0A"),
            row(":", "0A"),
            row("0100007F", "0A"),
            row("0100007F:", "0A"),
            row("0100007F:1F901", "0A"),
            row("+100007F:1F90", "0A"),
            row("0100007F:+F90", "0A"),
            row("0100007:1F90", "0A"),
            row("甲乙丙丁甲乙丙:1F90", "0A"),
            row("ééééé:1F90", "0A"),
            row(&format!("{}:1F90", "é".repeat(16)), "0A"),
            row(&"0".repeat(1 << 16), "0A"),
            row("0100007F:1F90", "0a0A"),
            "\u{0}\u{1}\u{fffd} \u{fffd}:1F90 x 0A".to_owned(),
        ] {
            check(&table, 8080, &[]);
        }
    }

    #[test]
    fn a_table_has_at_most_so_many_rows() {
        let table = [row("00000000:0001", "0A"), row("00000000:0002", "0A")].concat();
        let limits = Limits { entries: 1, ..Limits::default() };
        assert_eq!(listeners_in_table(&table, 1, &limits).len(), 1);
        assert_eq!(listeners_in_table(&table, 2, &limits).len(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_of_our_own_is_seen() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let found = listeners_on(address.port(), &Limits::default()).unwrap();
        assert!(found.contains(&address.to_string()), "{found:?}");
        assert_eq!(read_table("/proc/net/tcp", &Limits { header_bytes: 10, ..Limits::default() }).unwrap().len(), 10);
    }
}
