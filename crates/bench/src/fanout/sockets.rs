//! What the kernel says of a server's sockets: how many there are, what they have not got rid of, and what they hold in memory.
//!
//! Read from outside, so that it is the same for every server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context as _, ensure};

/// `TCP_ESTABLISHED` of the kernel.
const ESTABLISHED: u8 = 1;

/// One connection of a server, by the client's port and address.
pub(super) type Client = (u32, u16);

/// One end of a connection: the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    /// Neither side has said that it will send no more.
    pub(super) is_established: bool,
    /// Bytes that were written and that the client's kernel has not acknowledged.
    pub(super) unsent_bytes: u64,
}

/// The connections of the server at `address`.
pub(super) fn of(address: SocketAddr) -> anyhow::Result<HashMap<Client, Socket>> {
    let table = std::fs::read_to_string("/proc/net/tcp").context("reading /proc/net/tcp")?;
    Ok(table.lines().skip(1).filter_map(|line| read_line(line, address.port())).collect())
}

/// `  0: LOCAL:PORT REMOTE:PORT STATE TX:RX ...`, all of it hexadecimal; nothing when it is another server's, or listens.
fn read_line(line: &str, port: u16) -> Option<(Client, Socket)> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (_, local_port) = words.next()?.split_once(':')?;
    let (remote, remote_port) = words.next()?.split_once(':')?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let (unsent, _) = words.next()?.split_once(':')?;
    let remote_port = u16::from_str_radix(remote_port, 16).ok()?;
    if u16::from_str_radix(local_port, 16).ok()? != port || remote_port == 0 {
        return None;
    }
    let client = (u32::from_str_radix(remote, 16).ok()?, remote_port);
    let unsent_bytes = u64::from_str_radix(unsent, 16).ok()?;
    Some((client, Socket { is_established: state == ESTABLISHED, unsent_bytes }))
}

/// Kernel memory of the server's ends whose clients do not read: for each, what is allotted to its queues.
pub(super) fn kernel_bytes_of_stuck(address: SocketAddr) -> anyhow::Result<Vec<u64>> {
    let filter = format!("( sport = :{} )", address.port());
    let ss = Command::new("ss").args(["-tmnH", "state", "all", &filter]).output();
    let ss = ss.context("ss is missing: install it with `apt-get install iproute2`")?;
    ensure!(ss.status.success(), "ss: {}", String::from_utf8_lossy(&ss.stderr));
    Ok(stuck(&String::from_utf8_lossy(&ss.stdout)))
}

/// Two lines a socket: `STATE RECV-Q SEND-Q LOCAL PEER` and `skmem:(rR,rbB,tT,tbB,fF,wW,oO,blB,dD)`. Of stuck ones the sum of
/// what is read and not fetched, what is written and not gone, and what is allotted ahead.
fn stuck(said: &str) -> Vec<u64> {
    let mut found = Vec::new();
    let mut is_stuck = false;
    for line in said.lines() {
        if let Some((_, memory)) = line.split_once("skmem:(") {
            if std::mem::take(&mut is_stuck) {
                let of = |name: &str| {
                    let value = memory
                        .split([',', ')'])
                        .find_map(|part| part.strip_prefix(name)?.parse::<u64>().ok());
                    value.unwrap_or(0)
                };
                found.push(of("r") + of("w") + of("f"));
            }
        } else {
            let unsent = line.split_ascii_whitespace().nth(2).and_then(|word| word.parse::<u64>().ok());
            is_stuck = unsent.is_some_and(|bytes| bytes > 0);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read_for_one_port() {
        let line = "   3: 0100007F:1F90 0200007F:C001 01 00000258:00000000 00:00000000 00000000     0        0 1 1 0 20";
        let socket = Socket { is_established: true, unsent_bytes: 600 };
        assert_eq!(read_line(line, 8080), Some(((0x0200_007F, 0xC001), socket)));
        assert_eq!(read_line(line, 8081), None);
        let listening = "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20";
        assert_eq!(read_line(listening, 8080), None);
    }

    #[test]
    fn memory_is_that_of_sockets_with_unsent_bytes_only() {
        let said = "ESTAB 0 0 127.0.0.1:8080 127.0.0.1:40000\n\t skmem:(r0,rb131072,t0,tb2626560,f0,w0,o0,bl0,d0)\n\
                    ESTAB 0 5000 127.0.0.1:8080 127.0.0.1:40001\n\t skmem:(r100,rb131072,t0,tb2626560,f1024,w7000,o0,bl0,d0)\n";
        assert_eq!(stuck(said), [8124]);
    }

    #[test]
    fn connections_of_a_real_server_are_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let client = std::net::TcpStream::connect(address).expect("it listens");
        let (server, _) = listener.accept().expect("connected");
        let seen = of(address).expect("Linux has the table");
        assert_eq!(seen.len(), 1);
        assert!(seen.values().all(|socket| socket.is_established && socket.unsent_bytes == 0));
        drop((client, server));
    }
}
