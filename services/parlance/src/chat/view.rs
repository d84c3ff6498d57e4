//! How the client looks.

use super::{
    app::App,
    keys::HELP,
    outbox::Unsent,
    state::{self, Thread},
};
use im_schema::{
    ids::{ConversationId, UserId},
    v1,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Position, Rect},
    style::{Color, Modifier, Style, Stylize as _},
    text::{Line, Span, Text},
    widgets::{Block, Borders, List, ListItem, ListState, Paragraph, Wrap},
};
use unicode_width::UnicodeWidthStr as _;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &mut App) {
    let [main, status] = Layout::vertical([Constraint::Min(3), Constraint::Length(1)]).areas(frame.area());
    let list_width = (main.width / 3).clamp(12, 32);
    let [list, right] = Layout::horizontal([Constraint::Length(list_width), Constraint::Min(10)]).areas(main);
    let [messages, input] = Layout::vertical([Constraint::Min(1), Constraint::Length(3)]).areas(right);
    draw_list(frame, app, list);
    draw_messages(frame, app, messages);
    draw_input(frame, app, input);
    let style = if app.online {
        Style::new().fg(Color::Green)
    } else {
        Style::new().fg(Color::Yellow)
    };
    frame.render_widget(
        Paragraph::new(Line::from(vec![
            Span::styled("● ", style),
            Span::raw(app.status.clone()),
        ])),
        status,
    );
}

fn draw_list(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let order = app.state.in_order();
    let items = order
        .iter()
        .map(|id| ListItem::new(entry(app, *id, area.width.saturating_sub(2))));
    let list = List::new(items)
        .block(
            Block::new()
                .borders(Borders::RIGHT)
                .title(format!(" {} ", app.name).bold()),
        )
        .highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut selected =
        ListState::default().with_selected(app.open.and_then(|open| order.iter().position(|id| *id == open)));
    frame.render_stateful_widget(list, area, &mut selected);
}

fn entry(app: &App, id: ConversationId, width: u16) -> Text<'static> {
    let unread = app
        .state
        .threads
        .get(&id)
        .map_or(0, |thread| thread.conversation.unread_count);
    let badge = if unread > 0 {
        format!(" {unread}")
    } else {
        String::new()
    };
    let last = app
        .state
        .threads
        .get(&id)
        .and_then(|thread| thread.conversation.last_message.as_ref());
    let last = last
        .map(|message| state::text(message.content.as_ref()))
        .unwrap_or_default();
    let title = Span::styled(
        cut(&app.state.title(id), usize::from(width).saturating_sub(badge.len())),
        Style::new().bold(),
    );
    Text::from(vec![
        Line::from(vec![title, Span::styled(badge, Style::new().fg(Color::Cyan).bold())]),
        Line::from(cut(&last.replace('\n', " "), width.into())).dim(),
    ])
}

fn draw_messages(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    let Some(open) = app.open else {
        frame.render_widget(help(app.notice.as_deref()), area);
        return;
    };
    let Some(thread) = app.state.threads.get(&open) else {
        return;
    };
    let mut lines = Vec::new();
    for message in thread.messages.values() {
        let mine = message.sender_id == app.state.me.0;
        let name = app.state.name(UserId(message.sender_id));
        lines.extend(said(
            &name,
            mine,
            &time_of(message),
            &state::text(message.content.as_ref()),
        ));
    }
    for unsent in app.state.unsent.of(open) {
        lines.extend(unsent_lines(&app.name, unsent));
    }
    if app.help {
        lines.extend(help_lines());
    }
    lines.extend(
        app.notice
            .iter()
            .map(|notice| Line::from(notice.clone()).italic().fg(Color::Yellow)),
    );
    let text = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .block(Block::new().title(title(app, thread).bold()));
    let height = text.line_count(area.width).saturating_sub(usize::from(area.height));
    app.scroll = app.scroll.min(height);
    let from_top = u16::try_from(height - app.scroll).unwrap_or(u16::MAX);
    frame.render_widget(text.scroll((from_top, 0)), area);
}

fn title(app: &App, thread: &Thread) -> String {
    let id = thread.conversation.conversation();
    match thread.conversation.kind() {
        v1::ConversationKind::Group => format!(
            " {} · {} members ",
            app.state.title(id),
            thread.conversation.member_count
        ),
        _ => format!(" {} ", app.state.title(id)),
    }
}

fn said(name: &str, mine: bool, time: &str, text: &str) -> Vec<Line<'static>> {
    let color = if mine { Color::Green } else { Color::Cyan };
    let mut rows = text.split('\n');
    let head = vec![
        Span::styled(format!("{time} "), Style::new().dim()),
        Span::styled(format!("{name}: "), Style::new().fg(color).bold()),
        Span::raw(rows.next().unwrap_or_default().to_owned()),
    ];
    std::iter::once(Line::from(head))
        .chain(rows.map(|row| Line::from(format!("      {row}"))))
        .collect()
}

fn unsent_lines(name: &str, unsent: &Unsent) -> Vec<Line<'static>> {
    let mark = match (&unsent.refused, unsent.accepted) {
        (Some(why), _) => format!("  ✗ {why}"),
        (None, true) => "  ✓".to_owned(),
        (None, false) => "  …".to_owned(),
    };
    let mut lines = said(name, true, "     ", &state::text(unsent.request.content.as_ref()));
    if let Some(last) = lines.last_mut() {
        last.push_span(Span::styled(
            mark,
            Style::new().fg(if unsent.refused.is_some() {
                Color::Red
            } else {
                Color::DarkGray
            }),
        ));
    }
    lines
}

fn help(notice: Option<&str>) -> Paragraph<'static> {
    let mut lines = help_lines();
    lines.extend(notice.map(|notice| Line::from(notice.to_owned()).italic().fg(Color::Yellow)));
    Paragraph::new(lines).block(Block::new().title(" Welcome to Parlance ".bold()))
}

fn help_lines() -> Vec<Line<'static>> {
    let row = |(what, meaning): &(&str, &str)| {
        Line::from(vec![
            Span::styled(format!("  {what:<28}"), Style::new().fg(Color::Cyan)),
            Span::raw((*meaning).to_owned()),
        ])
    };
    HELP.iter().map(row).collect()
}

fn draw_input(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let inner = area.width.saturating_sub(2);
    let before = app.input.text[..app.input.cursor].width();
    let skipped = before.saturating_sub(usize::from(inner.saturating_sub(1)));
    let line = Paragraph::new(app.input.text.as_str()).scroll((0, u16::try_from(skipped).unwrap_or(0)));
    frame.render_widget(line.block(Block::bordered()), area);
    let column = area.x + 1 + u16::try_from(before - skipped).unwrap_or(0);
    frame.set_cursor_position(Position::new(column, area.y + 1));
}

/// Hours and minutes of the day, in universal time.
fn time_of(message: &v1::Message) -> String {
    let minutes = message.sent_at.as_ref().map_or(0, im_schema::wkt::Timestamp::millis) / 60_000;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        if short.width() + 2 > width {
            break;
        }
        short.push(letter);
    }
    short.push('…');
    short
}
