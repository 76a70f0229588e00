/// The style sheet of a report: light and dark, on screens and on paper, without any external file.
///
/// The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any colour vision tell
/// apart; runs beyond the seventh repeat them.
enum ReportStyle {
  /// Different colours of runs.
  static let runColorCount = 7

  static let css = """
    :root {
      --text: #1b1f24; --quiet: #59636e; --page: #ffffff; --card: #f6f8fa; --rule: #d1d9e0; --grid: #e3e7eb;
      --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #cc79a7; --s4: #b8860b; --s5: #3fa9e0; --s6: #4a4a4a;
      --t0: #e69f00; --t1: #56b4e9; --t2: #0072b2; --t3: #cc79a7; --t4: #009e73; --t5: #b4bac1;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --text: #e8ebee; --quiet: #9aa4ae; --page: #14181d; --card: #1c2229; --rule: #343c45; --grid: #2a3139;
        --s0: #4aa8e8; --s1: #f0803c; --s2: #2cc79a; --s3: #e39cc4; --s4: #e6b422; --s5: #9bd7ff; --s6: #c8c8c8;
        --t5: #5d6670;
      }
    }
    * { box-sizing: border-box; }
    html { color-scheme: light dark; }
    body {
      margin: 0 auto; max-width: 1180px; padding: 28px 24px 56px; background: var(--page); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif;
    }
    h1, h2, h3, p, td, th, figcaption, summary { overflow-wrap: anywhere; }
    h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
    h2 { font-size: 18px; margin: 40px 0 12px; }
    h3 { font-size: 15px; margin: 0; }
    p { margin: 4px 0; max-width: 80ch; }
    .quiet { color: var(--quiet); }
    .note { border-left: 3px solid var(--t0); padding-left: 10px; margin-top: 10px; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(146px, 1fr)); gap: 10px; margin-top: 22px; }
    .tile { background: var(--card); border-radius: 8px; padding: 10px 12px; }
    .tile dt, .tile .quiet { font-size: 13px; color: var(--quiet); }
    .tile dd { margin: 0; }
    .tile .value { font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
    dl { margin: 0; }
    .grid2 { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 28px; }
    figure { margin: 0; min-width: 0; }
    .first { margin-bottom: 28px; }
    .narrow { display: none; }
    figcaption { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline; margin-bottom: 4px; }
    .key { font-size: 13px; color: var(--quiet); white-space: nowrap; }
    .key svg { width: 22px; height: 10px; vertical-align: baseline; margin-right: 5px; }
    svg.plot { display: block; width: 100%; height: auto; }
    svg text { font-size: 13px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
    svg .grid { stroke: var(--grid); stroke-width: 1; }
    svg .axis { stroke: var(--quiet); stroke-width: 1; }
    svg path { fill: none; }
    svg .line { stroke-width: 2; stroke-linejoin: round; }
    svg .faint { stroke-width: 1; opacity: 0.3; stroke-linejoin: round; }
    svg .dashed { stroke-width: 1.5; stroke-dasharray: 5 4; }
    svg .dot { fill: currentColor; stroke: var(--page); stroke-width: 1.5; }
    svg path.area { stroke: none; fill: currentColor; }
    svg rect { fill: currentColor; }
    .s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); }
    .s4 { color: var(--s4); } .s5 { color: var(--s5); } .s6 { color: var(--s6); }
    .line, .faint, .dashed { stroke: currentColor; }
    .t0 { color: var(--t0); } .t1 { color: var(--t1); } .t2 { color: var(--t2); } .t3 { color: var(--t3); }
    .t4 { color: var(--t4); } .t5 { color: var(--t5); }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: 6px 18px 6px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    th { font-weight: 600; }
    td.number, th.number { text-align: right; }
    td .quiet { font-size: 13px; display: block; }
    .bar { display: inline-block; height: 11px; border-radius: 2px; background: currentColor; vertical-align: baseline; }
    .pictures img { max-width: 100%; height: auto; display: block; border-radius: 4px; }
    .pictures figure { margin-bottom: 20px; }
    details { margin: 8px 0; }
    summary { cursor: pointer; font-weight: 600; }
    pre {
      background: var(--card); border-radius: 8px; padding: 14px 16px; margin: 8px 0;
      white-space: pre-wrap; overflow-wrap: anywhere;
      font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    @media (max-width: 820px) {
      body { padding: 20px 16px 40px; }
      .grid2 { grid-template-columns: minmax(0, 1fr); }
      .wide { display: none; }
      .narrow { display: block; }
      .key { white-space: normal; }
      .grid2 svg text { font-size: 17px; }
      table, tbody, tr, td { display: block; }
      thead { display: none; }
      tr { border-bottom: 1px solid var(--rule); padding: 8px 0; }
      td, td.number { border: 0; padding: 2px 0; text-align: left; }
      td[data-name]::before { content: attr(data-name) ": "; color: var(--quiet); }
      td .quiet { display: inline; margin-left: 8px; }
    }
    @media print { body { max-width: none; padding: 0; } figure { break-inside: avoid; } }
    """
}
