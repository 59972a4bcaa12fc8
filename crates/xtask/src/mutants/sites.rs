//! Where a rule can be made wrong, and how: one small lie at each place.

#![expect(clippy::wildcard_enum_match_arm, reason = "a kind of expression that nobody thought of is left as it is")]

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ReturnType, Stmt, Type, UnOp};

/// Methods whose closure answers yes or no.
const ASKING: [&str; 14] = [
    "all",
    "any",
    "filter",
    "find",
    "is_none_or",
    "is_ok_and",
    "is_some_and",
    "map_while",
    "partition",
    "position",
    "retain",
    "skip_while",
    "take_if",
    "take_while",
];

/// One wrong rule.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its number in the woven code, from 1.
    pub number: u32,
    pub file: String,
    /// The line in the file as written, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub lie: String,
    /// What it changes, as bytes of the file as written.
    pub place: Range<usize>,
}

impl Mutant {
    /// Its name from one run to the next, as long as the file does not change.
    pub fn key(&self) -> String {
        format!("{}:{}:{}-{}: {}", self.file, self.line, self.place.start, self.place.end, self.lie)
    }
}

/// A change of the text: something put in at a place, perhaps instead of what stands there.
#[derive(Clone, Debug)]
pub struct Piece {
    pub at: usize,
    pub replaces: usize,
    /// Whether it closes what another piece opened.
    closing: bool,
    order: usize,
    pub text: String,
}

/// What is found in a file.
pub struct Sites<'a> {
    file: &'a str,
    text: &'a str,
    /// Mutants that do not compile, by key.
    unviable: &'a BTreeSet<String>,
    /// Functions that stay `const`, by name; nothing inside is changed.
    constant: &'a BTreeSet<String>,
    next: u32,
    pub mutants: Vec<Mutant>,
    pub pieces: Vec<Piece>,
}

impl<'a> Sites<'a> {
    /// Reads a file; the first mutant found has the number `next`.
    pub fn of(
        file: &'a str,
        text: &'a str,
        next: u32,
        unviable: &'a BTreeSet<String>,
        constant: &'a BTreeSet<String>,
    ) -> syn::Result<Self> {
        let mut sites = Self { file, text, unviable, constant, next, mutants: Vec::new(), pieces: Vec::new() };
        sites.visit_file(&syn::parse_file(text)?);
        Ok(sites)
    }

    /// The text with every mutant in it, and its pieces in their order.
    pub fn woven(mut self) -> (String, Vec<Piece>, Vec<Mutant>) {
        // What closes comes before what opens; the inner closes first, the outer opens first.
        self.pieces.sort_by_key(|piece| {
            let order = if piece.closing { usize::MAX - piece.order } else { piece.order };
            (piece.at, !piece.closing, order)
        });
        let mut woven = String::with_capacity(self.text.len() * 2);
        let mut from = 0;
        for piece in &self.pieces {
            woven.push_str(self.text.get(from..piece.at).unwrap_or_default());
            woven.push_str(&piece.text);
            from = piece.at + piece.replaces;
        }
        woven.push_str(self.text.get(from..).unwrap_or_default());
        (woven, self.pieces, self.mutants)
    }

    /// A new mutant, unless it is known not to compile.
    fn mutant(&mut self, span: Span, what: &str) -> Option<u32> {
        let place = span.byte_range();
        let line = span.start().line;
        let mutant = Mutant { number: self.next, file: self.file.to_owned(), line, lie: what.to_owned(), place };
        if self.unviable.contains(&mutant.key()) {
            return None;
        }
        self.next += 1;
        self.mutants.push(mutant);
        Some(self.next - 1)
    }

    fn put(&mut self, at: usize, replaces: usize, closing: bool, text: impl Into<String>) {
        let order = self.pieces.len();
        self.pieces.push(Piece { at, replaces, closing, order, text: text.into() });
    }

    fn wrap(&mut self, span: Span, before: impl Into<String>, after: impl Into<String>) {
        let range = span.byte_range();
        self.put(range.start, 0, false, before);
        self.put(range.end, 0, true, after);
    }

    /// The expression answers the opposite.
    fn negated(&mut self, expression: &Expr, lie: &str) {
        if let Some(number) = self.mutant(expression.span(), lie) {
            self.wrap(expression.span(), format!("(crate::mutants::on({number}) ^ ("), "))");
        }
    }

    /// One condition of several is not asked.
    fn left_out(&mut self, leaf: &Expr, joint: bool) {
        if matches!(leaf, Expr::Let(_)) || joins(leaf).is_some() {
            return;
        }
        let Some(number) = self.mutant(leaf.span(), "one condition is not asked") else { return };
        let before = if joint { "on" } else { "off" };
        let word = if joint { "||" } else { "&&" };
        self.wrap(leaf.span(), format!("(crate::mutants::{before}({number}) {word} ("), "))");
        if !asked_otherwise(leaf) {
            self.negated(leaf, "the condition is turned round");
        }
    }

    /// A helper with two arguments stands for an operator: `a OP b` becomes `name(number, a, b)`.
    fn called(&mut self, whole: Span, operator: Range<usize>, name: &str, number: u32, borrowed: bool) {
        let mark = if borrowed { "&" } else { "" };
        self.wrap(whole, format!("crate::mutants::{name}({number}, {mark}("), "))");
        self.put(operator.start, operator.len(), false, format!("), {mark}("));
    }

    /// What a function of this type could answer without looking.
    fn answers(&mut self, output: &ReturnType, block: &Block) {
        let answers: Vec<String> = match output {
            ReturnType::Default if block.stmts.is_empty() => Vec::new(),
            ReturnType::Default => vec!["()".to_owned()],
            ReturnType::Type(_, kind) => blind(kind).into_iter().map(str::to_owned).collect(),
        };
        for answer in answers {
            if let Some(number) = self.mutant(block.span(), &format!("answers `{answer}` without looking")) {
                let at = block.span().byte_range().start + 1;
                self.put(at, 0, false, format!(" if crate::mutants::on({number}) {{ return {answer}; }}"));
            }
        }
    }

    /// Whether a function is to be looked at; its `const` goes, for a switch is read at run time.
    fn opened(&mut self, signature: &syn::Signature) -> bool {
        let name = signature.ident.to_string();
        if let Some(constant) = signature.constness {
            if self.constant.contains(&name) {
                return false;
            }
            let range = constant.span().byte_range();
            self.put(range.start, range.len(), false, "");
        }
        // Wording of messages is no rule.
        name != "fmt"
    }
}

/// Whether an expression joins two others with `&&` (true) or `||` (false).
fn joins(expression: &Expr) -> Option<bool> {
    match expression {
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => Some(true),
        Expr::Binary(binary) if matches!(binary.op, BinOp::Or(_)) => Some(false),
        Expr::Paren(inner) => joins(&inner.expr),
        _ => None,
    }
}

/// Whether an expression is turned round where it is met.
fn asked_otherwise(expression: &Expr) -> bool {
    match expression {
        Expr::Binary(_) | Expr::Unary(_) | Expr::Let(_) | Expr::Block(_) | Expr::Match(_) | Expr::If(_) => true,
        Expr::Paren(inner) => asked_otherwise(&inner.expr),
        _ => false,
    }
}

/// Answers of a type that need no thought.
fn blind(kind: &Type) -> Vec<&'static str> {
    let Type::Path(path) = kind else { return Vec::new() };
    let Some(last) = path.path.segments.last() else { return Vec::new() };
    let unit = || match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => {
            matches!(arguments.args.first(), Some(syn::GenericArgument::Type(Type::Tuple(tuple))) if tuple.elems.is_empty())
        }
        _ => false,
    };
    match last.ident.to_string().as_str() {
        "bool" => vec!["true", "false"],
        "Result" if unit() => vec!["Ok(())"],
        "Option" => vec!["None"],
        "Vec" => vec!["Vec::new()"],
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => vec!["0", "1"],
        _ => Vec::new(),
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
        syn::Meta::Path(_) | syn::Meta::NameValue(_) => false,
    })
}

impl<'ast> Visit<'ast> for Sites<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}

    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}

    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if self.opened(&item.sig) {
            self.answers(&item.sig.output, &item.block);
            visit::visit_block(self, &item.block);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if self.opened(&item.sig) {
            self.answers(&item.sig.output, &item.block);
            visit::visit_block(self, &item.block);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(expression, Some(_)) = statement {
            let lie = match expression {
                Expr::Try(_) => Some("the check is left out"),
                Expr::MethodCall(_) | Expr::Call(_) => Some("the step is left out"),
                Expr::Assign(_) => Some("the assignment is left out"),
                Expr::Binary(_) => Some("the change is left out"),
                _ => None,
            };
            if let Some(number) = lie.and_then(|lie| self.mutant(statement.span(), lie)) {
                self.wrap(statement.span(), format!("if crate::mutants::off({number}) {{ "), " }");
            }
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard
            && !matches!(**guard, Expr::Let(_))
            && let Some(yes) = self.mutant(guard.span(), "the guard of the arm is always met")
            && let Some(no) = self.mutant(guard.span(), "the guard of the arm is never met")
        {
            let before = format!("(crate::mutants::off({no}) && (crate::mutants::on({yes}) || (");
            self.wrap(guard.span(), before, ")))");
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_if(&mut self, expression: &'ast syn::ExprIf) {
        if !asked_otherwise(&expression.cond) {
            self.negated(&expression.cond, "the condition is turned round");
        }
        visit::visit_expr_if(self, expression);
    }

    fn visit_expr_unary(&mut self, expression: &'ast syn::ExprUnary) {
        if matches!(expression.op, UnOp::Not(_)) {
            let whole = expression.span();
            if let Some(number) = self.mutant(whole, "`!` is left out") {
                self.wrap(whole, format!("(crate::mutants::on({number}) ^ ("), "))");
            }
        }
        visit::visit_expr_unary(self, expression);
    }

    fn visit_expr_binary(&mut self, expression: &'ast syn::ExprBinary) {
        let whole = expression.span();
        let operator = expression.op.span().byte_range();
        let helper = match expression.op {
            BinOp::And(_) | BinOp::Or(_) => {
                let joint = matches!(expression.op, BinOp::And(_));
                self.left_out(&expression.left, joint);
                self.left_out(&expression.right, joint);
                None
            }
            BinOp::Eq(_) | BinOp::Ne(_) => {
                let lie = if matches!(expression.op, BinOp::Eq(_)) { "`==` is `!=`" } else { "`!=` is `==`" };
                if let Some(number) = self.mutant(whole, lie) {
                    self.wrap(whole, format!("(crate::mutants::on({number}) ^ ("), "))");
                }
                None
            }
            BinOp::Lt(_) => Some(("lt", "`<` is `<=`", true)),
            BinOp::Le(_) => Some(("le", "`<=` is `<`", true)),
            BinOp::Gt(_) => Some(("gt", "`>` is `>=`", true)),
            BinOp::Ge(_) => Some(("ge", "`>=` is `>`", true)),
            BinOp::Add(_) => Some(("add", "`+` is `-`", false)),
            BinOp::Sub(_) => Some(("sub", "`-` is `+`", false)),
            _ => None,
        };
        if let Some((name, lie, compares)) = helper {
            if compares && let Some(number) = self.mutant(whole, "the comparison is turned round") {
                self.wrap(whole, format!("(crate::mutants::on({number}) ^ ("), "))");
            }
            if let Some(number) = self.mutant(whole, lie) {
                self.called(whole, operator, name, number, compares);
            }
        }
        visit::visit_expr_binary(self, expression);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let whole = call.span();
        let other = match name.as_str() {
            "any" => Some("all"),
            "all" => Some("any"),
            "max" => Some("min"),
            "min" => Some("max"),
            _ => None,
        };
        if let Some(other) = other
            && call.args.len() == 1
            && let Some(number) = self.mutant(whole, &format!("`{name}` is `{other}`"))
        {
            let from = call.receiver.span().byte_range().end;
            let to = call.paren_token.span.open().byte_range().end;
            self.wrap(whole, format!("crate::mutants::{name}({number}, ("), "");
            self.put(from, to - from, false, "), ");
        }
        if ASKING.contains(&name.as_str())
            && let Some(Expr::Closure(closure)) = call.args.first()
            && !asked_otherwise(&closure.body)
            && matches!(closure.output, ReturnType::Default)
        {
            self.negated(&closure.body, "the closure answers the opposite");
        }
        visit::visit_expr_method_call(self, call);
    }
}
