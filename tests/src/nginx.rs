//! nginx with its RTMP module: somebody else's server to push to and play from.

use std::net::SocketAddr;
use std::time::Duration;

use crate::{Process, wait};

const LIMIT: Duration = Duration::from_secs(20);

/// A running nginx with one RTMP application, `live`. Ends with the test.
pub struct Nginx {
    process: Process,
    dir: tempfile::TempDir,
    pub address: SocketAddr,
}

impl Nginx {
    /// nginx on a free port.
    pub async fn start() -> Nginx {
        let [address] = crate::gateway::free_ports();
        let dir = tempfile::tempdir().unwrap();
        let config = format!(
            "daemon off; master_process off; pid {dir}/nginx.pid;\n\
             load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n\
             events {{ worker_connections 64; }}\n\
             rtmp {{ server {{ listen {address}; access_log off; application live {{ live on; }} }} }}\n",
            dir = dir.path().display(),
        );
        std::fs::write(dir.path().join("nginx.conf"), config).unwrap();
        let nginx = Nginx {
            process: run(&dir),
            dir,
            address,
        };
        nginx.ready().await;
        nginx
    }

    async fn ready(&self) {
        wait::until("nginx listens", LIMIT, || async {
            tokio::net::TcpStream::connect(self.address).await.ok()
        })
        .await;
    }

    /// The URL of a stream.
    pub fn url(&self, stream: &str) -> String {
        format!("rtmp://{}/live/{stream}", self.address)
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port.
    pub async fn restart(&mut self) {
        self.process.kill();
        self.process = run(&self.dir);
        self.ready().await;
    }

    /// Has it do nothing, with all its connections open, or go on.
    pub fn freeze(&self, frozen: bool) {
        self.process.signal(if frozen { "-STOP" } else { "-CONT" });
    }
}

fn run(dir: &tempfile::TempDir) -> Process {
    let prefix = dir.path().display().to_string();
    let file = dir.path().join("nginx.conf").display().to_string();
    Process::start("/usr/sbin/nginx", ["-p", &prefix, "-c", &file, "-e", "stderr"])
}
