#!/usr/bin/env python3
"""Types the lines of shell.jsonl into real shells and writes the file anew with what those print.

usage: gen_shell.py ROOT-OF-27 [ROOT-OF-25 ...] > shell.jsonl.new
A root is one that scripts/otp-root has made; its name says the release. New lines are objects with "line" alone. "ours" is what
our shell prints where that is meant to differ; it is kept.
"""
import json, os, re, subprocess, sys

def normal(text):
    text = re.sub(r'#Fun<[^>]*>', '#Fun<>', text)
    text = re.sub(r'<0\.\d+\.\d+>', '<pid>', text)
    text = re.sub(r'#Ref<[^>]*>', '#Ref<>', text)
    text = re.sub(r' \([a-z_0-9]+\.erl(, line |:)\d+\)', '', text)
    lines = [l.rstrip() for l in text.split('\n')]
    return '\n'.join(l for l in lines if not l.startswith('     in call from')).strip('\n')

def shell(root, lines):
    program = 'cd /tmp; LANG=C.UTF-8 LC_ALL=C.UTF-8 HOME=/tmp TERM=dumb erl'
    run = subprocess.run(['chroot', root, '/bin/sh', '-c', program], input='\n'.join(lines) + '\n', capture_output=True, text=True,
                         encoding='utf-8', errors='replace')
    # What a line prints without a line feed stands before the next prompt.
    answers = re.split(r'(?:^|(?<=\n)|(?<=ok)|(?<=newline)|(?<=hi))\d+> ', run.stdout)[1:]
    if len(answers) != len(lines) + 1:
        sys.exit('%s: %d answers to %d lines; does each of them end in a dot?' % (root, len(answers), len(lines)))
    return answers

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'shell.jsonl')
entries = [json.loads(line) for line in open(path, encoding='utf-8')]
lines = [entry['line'] for entry in entries]
for root in sys.argv[1:]:
    release = re.search(r'otp-(\d+)', root).group(1)
    for entry, answer in zip(entries, shell(root, lines)):
        # Into a pipe 25 writes Latin-1.
        if '\ufffd' in answer or (release == '25' and not entry['line'].isascii()):
            continue
        entry[release] = normal(answer)
for entry in entries:
    if 'ours' in entry:
        entry['ours'] = entry.pop('ours')  # kept, last: the order of maps may happen to be ours
    print(json.dumps(entry, ensure_ascii=False))
