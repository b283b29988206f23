//! How the program ends when it is told to from outside: with the terminal as it was, at whatever moment that comes.

use portable_pty::native_pty_system;
use rustix::process::Signal;

use crate::console::{Console, size};

#[test]
fn a_signal_right_after_the_first_frame_leaves_the_terminal_as_it_was() {
    let untouched = native_pty_system().openpty(size(80, 24)).unwrap();
    let before = format!("{:?}", untouched.master.get_termios().unwrap());
    for signal in
        [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::ALARM]
    {
        let mut console = Console::demo(80, 24, "");
        // the first bytes are the full screen's modes: the earliest moment at which there is something to put back
        console.wait("the full screen", |_| {
            console.screen.lock().unwrap().screen().alternate_screen()
        });
        assert_ne!(console.modes(), before);
        console.signal(signal);
        assert_eq!(console.ended(), 0, "{signal:?}");
        assert_eq!(console.modes(), before, "{signal:?}");
        console.wait("the main screen", |_| {
            !console.screen.lock().unwrap().screen().alternate_screen()
        });
    }
}
