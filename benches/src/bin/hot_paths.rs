//! Runs one path of the library so many times, for a profiler or an instruction counter to watch.
//!
//! `hot_paths PATH COUNT`; without arguments, prints the paths.

use std::io::{self, BufRead, Read, Write};

use waxseal::Client;
use waxseal_benches::{SIGNED, UNSIGNED, client, plaintext};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Goes a path over these bytes so many times.
type Path = fn(&Client, &[u8], u32) -> Outcome;

/// What each path is called, how many bytes it works on, and how it goes.
const PATHS: [(&str, usize, Path); 9] = [
    ("encrypt-1k", 1 << 10, encrypt),
    ("decrypt-1k", 1 << 10, decrypt),
    ("encrypt-1m", 1 << 20, encrypt),
    ("decrypt-1m", 1 << 20, decrypt),
    ("encrypt-signed-1k", 1 << 10, encrypt_signed),
    ("decrypt-signed-1k", 1 << 10, decrypt_signed),
    ("write-8m", 64 << 10, write),
    ("read-8m", 8 << 20, read),
    ("encrypt-read-8m", 8 << 20, encrypt_read),
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = arguments.as_slice() else {
        PATHS.iter().for_each(|(name, ..)| println!("{name}"));
        return Ok(());
    };
    let path = PATHS.iter().find(|(path, ..)| path == name);
    let (_, len, run) = path.ok_or("no such path")?;
    run(&client()?, &plaintext(*len), count.parse()?)
}

fn encrypt(client: &Client, plain: &[u8], count: u32) -> Outcome {
    let mut message = Vec::new();
    for _ in 0..count {
        client.encrypt_into(plain, &mut message).suite(UNSIGNED).wait()?;
    }
    Ok(())
}

fn decrypt(client: &Client, plain: &[u8], count: u32) -> Outcome {
    let message = client.encrypt(plain).suite(UNSIGNED).wait()?.message;
    decrypt_message(client, &message, count)
}

fn encrypt_signed(client: &Client, plain: &[u8], count: u32) -> Outcome {
    let mut message = Vec::new();
    for _ in 0..count {
        client.encrypt_into(plain, &mut message).suite(SIGNED).wait()?;
    }
    Ok(())
}

fn decrypt_signed(client: &Client, plain: &[u8], count: u32) -> Outcome {
    let message = client.encrypt(plain).suite(SIGNED).wait()?.message;
    decrypt_message(client, &message, count)
}

fn decrypt_message(client: &Client, message: &[u8], count: u32) -> Outcome {
    let mut plain = Vec::new();
    for _ in 0..count {
        client.decrypt_into(message, &mut plain).wait()?;
    }
    Ok(())
}

/// 8 MiB in pieces, in frames of 4 KiB.
fn write(client: &Client, piece: &[u8], count: u32) -> Outcome {
    for _ in 0..count {
        let mut writer = client.encrypt_writer(io::sink()).suite(UNSIGNED).wait()?;
        (0..128).try_for_each(|_| writer.write_all(piece))?;
        writer.finish()?;
    }
    Ok(())
}

fn read(client: &Client, plain: &[u8], count: u32) -> Outcome {
    let message = client.encrypt(plain).suite(UNSIGNED).wait()?.message;
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..count {
        let mut reader = client.decrypt_reader(message.as_slice()).wait()?;
        while reader.read(&mut buffer)? > 0 {}
    }
    Ok(())
}

/// From a source to the stream's own buffer, in frames of 4 KiB.
fn encrypt_read(client: &Client, plain: &[u8], count: u32) -> Outcome {
    for _ in 0..count {
        let mut reader = client.encrypt_reader(plain).suite(UNSIGNED).wait()?;
        while let len @ 1.. = reader.fill_buf()?.len() {
            reader.consume(len);
        }
    }
    Ok(())
}
