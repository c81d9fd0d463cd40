//! nginx-rtmp as one process without logs, its defaults otherwise.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Need, Running, Settings, Stream};
use crate::client::{Target, Via};
use crate::machine::free_port;
use crate::process::Process;

pub(super) fn start(need: &Need, settings: &Settings) -> Result<Running> {
    for path in [&settings.nginx, &settings.nginx_rtmp] {
        ensure!(
            path.exists(),
            "{} is missing: install nginx and libnginx-mod-rtmp",
            path.display()
        );
    }
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let config = folder.path().join("nginx.conf");
    let (module, place) = (settings.nginx_rtmp.display(), folder.path().display());
    fs::write(
        &config,
        format!(
            "load_module {module};
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log {place}/error.log crit;
events {{ worker_connections 16384; }}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        chunk_size 4096;
        application live {{ live on; }}
    }}
}}
"
        ),
    )?;
    let mut command = Command::new(&settings.nginx);
    command
        .arg("-p")
        .arg(folder.path())
        .arg("-c")
        .arg(&config)
        .arg("-e")
        .arg(folder.path().join("start.log"));
    let process = Process::start(command, port, settings.cores())?;
    let target = |index| {
        Target::local(
            port,
            Via::Rtmp {
                app: "live".to_owned(),
                name: format!("stream{index}"),
            },
        )
    };
    let streams = (0..need.streams)
        .map(|index| Stream {
            push: Some(target(index)),
            play: target(index),
        })
        .collect();
    Ok(Running {
        process,
        streams,
        _folder: folder,
    })
}
