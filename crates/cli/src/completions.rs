//! `completions`: what a shell needs to complete commands.

use clap::Args;
use clap_complete::Shell;

use crate::ending::Ending;
use crate::shell;

/// Print completions for a shell
///
/// Examples:
///   counterpart completions bash > ~/.local/share/bash-completion/completions/counterpart
///   counterpart completions zsh  > "${fpath[1]}/_counterpart"
///   counterpart completions fish > ~/.config/fish/completions/counterpart.fish
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Completions {
    /// Which shell
    #[arg(value_parser = ["bash", "zsh", "fish"])]
    shell: String,
}

impl Completions {
    /// Prints them.
    pub fn run(&self, command: &mut clap::Command) -> Ending {
        let shell = match self.shell.as_str() {
            "zsh" => Shell::Zsh,
            "fish" => Shell::Fish,
            _ => Shell::Bash,
        };
        let mut out = Vec::new();
        clap_complete::generate(shell, command, "counterpart", &mut out);
        shell::data(&out);
        Ending::Done
    }
}
