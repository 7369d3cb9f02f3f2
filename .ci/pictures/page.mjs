// page.mjs: Markdown from the standard input becomes a page in GitHub's colours
// on the standard output.
import { readFileSync } from 'node:fs';
import { marked } from 'marked';

const css = readFileSync(new URL('node_modules/github-markdown-css/github-markdown-light.css', import.meta.url), 'utf8');
const body = marked.parse(readFileSync(0, 'utf8'), { gfm: true });
process.stdout.write(`<!doctype html>
<meta charset="utf-8">
<style>${css}
body { margin: 0; background: #f6f8fa; }
.markdown-body { margin: 16px; padding: 16px 24px; border: 1px solid #d1d9e0; border-radius: 6px; font-size: 14px; }
</style>
<article class="markdown-body">${body}</article>
`);
