use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

x11rb::atom_manager! {
    /// Names of the protocol.
    Atoms: AtomsCookie {
        XdndAware, XdndSelection, XdndEnter, XdndPosition, XdndStatus, XdndDrop, XdndFinished, XdndActionCopy, XdndTypeList,
        TARGETS, FILES: b"text/uri-list", _NET_WM_NAME, UTF8_STRING,
    }
}

const VERSION: u32 = 5;
/// Positions that are told before the drop, as a hand that moves would: one alone is not enough for GTK.
const STEPS: u32 = 5;
/// How long the window may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Drops files on the window with this title.
pub fn drop_on(title: &str, files: impl Iterator<Item = String>) -> Result<()> {
    let addresses: Result<String> = files.map(|file| address(Path::new(&file))).collect();
    let (connection, screen) = x11rb::connect(None)?;
    let root = connection.setup().roots.get(screen).ok_or("no screen")?.root;
    let atoms = Atoms::new(&connection)?.reply()?;
    let target = find(&connection, &atoms, root, title)?.ok_or("no window with that title takes files")?;
    let source = connection.generate_id()?;
    let looks = CreateWindowAux::new();
    connection.create_window(0, source, root, -10, -10, 1, 1, 0, WindowClass::INPUT_OUTPUT, 0, &looks)?;
    connection.change_property32(
        PropMode::REPLACE,
        source,
        atoms.XdndTypeList,
        AtomEnum::ATOM,
        &[atoms.FILES],
    )?;
    connection.set_selection_owner(source, atoms.XdndSelection, x11rb::CURRENT_TIME)?;
    Drag { connection, atoms, root, source, target, addresses: addresses? }.run()
}

struct Drag {
    connection: RustConnection,
    atoms: Atoms,
    root: Window,
    source: Window,
    target: Window,
    addresses: String,
}

impl Drag {
    fn run(&self) -> Result<()> {
        let atoms = &self.atoms;
        let size = self.connection.get_geometry(self.target)?.reply()?;
        let (x, y) = (i16::try_from(size.width / 2)?, i16::try_from(size.height / 2)?);
        let middle = self.connection.translate_coordinates(self.target, self.root, x, y)?.reply()?;
        let (x, y) = (u32::try_from(middle.dst_x)?, u32::try_from(middle.dst_y)?);
        self.tell(atoms.XdndEnter, [self.source, VERSION << 24, atoms.FILES, 0, 0])?;
        let mut accepted = false;
        for step in (0..STEPS).rev() {
            self.tell(
                atoms.XdndPosition,
                [self.source, 0, (x.saturating_sub(step) << 16) | y, 0, atoms.XdndActionCopy],
            )?;
            accepted = self.answer(atoms.XdndStatus)? & 1 == 1;
        }
        if !accepted {
            return Err("the window refuses the files".into());
        }
        self.tell(atoms.XdndDrop, [self.source, 0, 0, 0, 0])?;
        let taken = self.answer(atoms.XdndFinished)? & 1 == 1;
        if taken { Ok(()) } else { Err("the window did not take the files".into()) }
    }

    fn tell(&self, kind: Atom, data: [u32; 5]) -> Result<()> {
        let message = ClientMessageEvent::new(32, self.target, kind, data);
        self.connection.send_event(false, self.target, EventMask::NO_EVENT, message)?;
        Ok(self.connection.flush()?)
    }

    /// Waits for an answer and gives its second word; hands the files out meanwhile.
    fn answer(&self, kind: Atom) -> Result<u32> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.connection.poll_for_event()? {
                Some(Event::SelectionRequest(request)) => self.hand_out(&request)?,
                Some(Event::ClientMessage(message)) if message.type_ == kind => {
                    return Ok(message.data.as_data32()[1]);
                }
                Some(_) => {}
                None => std::thread::park_timeout(Duration::from_millis(2)),
            }
        }
        Err("the window does not answer".into())
    }

    fn hand_out(&self, request: &SelectionRequestEvent) -> Result<()> {
        let property = if request.property == 0 { request.target } else { request.property };
        let replace = PropMode::REPLACE;
        let mut given = property;
        if request.target == self.atoms.TARGETS {
            let kinds = [self.atoms.TARGETS, self.atoms.FILES];
            self.connection.change_property32(
                replace,
                request.requestor,
                property,
                AtomEnum::ATOM,
                &kinds,
            )?;
        } else if request.target == self.atoms.FILES {
            let addresses = self.addresses.as_bytes();
            self.connection.change_property8(
                replace,
                request.requestor,
                property,
                request.target,
                addresses,
            )?;
        } else {
            given = 0;
        }
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: given,
        };
        self.connection.send_event(false, request.requestor, EventMask::NO_EVENT, notice)?;
        Ok(self.connection.flush()?)
    }
}

/// The window with this title that takes drops. GTK says so on its top level.
fn find(connection: &RustConnection, atoms: &Atoms, window: Window, title: &str) -> Result<Option<Window>> {
    let name = connection.get_property(false, window, atoms._NET_WM_NAME, atoms.UTF8_STRING, 0, 1024)?;
    if name.reply().is_ok_and(|name| name.value == title.as_bytes()) {
        let aware = connection.get_property(false, window, atoms.XdndAware, AtomEnum::ATOM, 0, 1)?;
        if aware.reply().is_ok_and(|aware| aware.value_len > 0) {
            return Ok(Some(window));
        }
    }
    // A window may close meanwhile: then it has no children.
    let children = connection.query_tree(window)?.reply().map(|tree| tree.children).unwrap_or_default();
    for child in children {
        if let Some(found) = find(connection, atoms, child, title)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// A line of `text/uri-list`.
fn address(file: &Path) -> Result<String> {
    let path = file.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
    let bytes = path.as_os_str().as_encoded_bytes();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encoded: String = bytes
        .iter()
        .map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    Ok(format!("file://{encoded}\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_byte_by_byte() {
        let folder = std::env::temp_dir().canonicalize().unwrap();
        let file = folder.join(format!("xdnd-drop é 100% {}.txt", std::process::id()));
        std::fs::write(&file, "").unwrap();
        let address = address(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(address.starts_with("file:///") && address.ends_with(".txt\r\n"), "{address}");
        assert!(address.contains("xdnd-drop%20%C3%A9%20100%25%20"), "{address}");
    }
}
