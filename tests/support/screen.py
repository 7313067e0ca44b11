"""Runs a command on a terminal of its own, types at it, and shows what stands on its screen.

screen.py COLUMNS [WHEN=ACTION]... -- COMMAND...
WHEN is a text: once it stands on the screen, the ACTION is taken: "key:X" types the control character X, "width:N" makes
the terminal that wide, and "show" prints what stands on the screen then, between lines of dashes. Actions are taken one
after the other. A program that stops is continued as soon as it is stopped, after its screen was printed. At the end the
screen is printed, with all that has scrolled away; the exit status is that of the command.
"""
import fcntl, os, pty, re, signal, struct, sys, termios, time

columns = int(sys.argv[1])
split = sys.argv.index("--")
events = [argument.rsplit("=", 1) for argument in sys.argv[2:split]]
lines, row, column = [[]], 0, 0

def put(character):
    global row, column
    if column == columns:  # as most terminals do
        row, column = row + 1, 0
    while len(lines) <= row:
        lines.append([])
    lines[row] += [" "] * (column - len(lines[row]))
    lines[row][column:column + 1] = character
    column += 1

def write(text):
    global row, column
    for part in re.finditer(r"\x1b\[([0-9;]*)([A-Za-z])|.", text, re.DOTALL):
        whole, number, kind = part.group(0), part.group(1), part.group(2)
        if kind == "A":
            row = max(0, row - int(number or 1))
        elif kind == "J":
            del lines[row + 1:]
            del lines[row][column:]
        elif kind == "K":
            del lines[row][column:]
        elif kind is not None:
            assert kind == "m", whole
        elif whole == "\r":
            column = 0
        elif whole == "\n":
            row += 1
            while len(lines) <= row:
                lines.append([])
        else:
            put(whole)

def resize(width):
    """Breaks what no longer fits, and the cursor goes along."""
    global columns, lines, row, column
    broken, cursor = [], None
    for number, line in enumerate(lines):
        first = len(broken)
        broken += [line[i:i + width] for i in range(0, max(len(line), 1), width)]
        if number == row:
            cursor = first + max(column - 1, 0) // width, column - max(column - 1, 0) // width * width
    columns, lines = width, broken
    row, column = cursor
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

def text():
    return "\n".join("".join(line).rstrip() for line in lines).rstrip()

def show():
    print("-" * 20, text(), "-" * 20, sep="\n", flush=True)

def be_shell(pipe):
    """Only what has a shell above it in its session can be stopped by its terminal."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        for number in (signal.SIGTTOU, signal.SIGINT, signal.SIGTSTP):  # whatever this script was started with
            signal.signal(number, signal.SIG_DFL)
        os.close(pipe)
        os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
    os.write(pipe, str(job).encode())
    os._exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]) & 0xff)

def wait_until_stopped():
    for _ in range(12000):
        with open(f"/proc/{job}/stat", encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[0] == "T":
                return
        time.sleep(0.01)
    sys.exit("it does not stop")

def receive():
    """Reads what the program wrote, and puts off half a character or sequence, whose rest is still to come."""
    global received, waiting
    received += os.read(terminal, 65536)
    whole = received.decode("utf-8", "ignore")
    if re.search(r"\x1b\[?[0-9;]*$", whole):
        whole = whole[:whole.rfind("\x1b")]
    waiting += whole
    received = received[len(whole.encode()):]

def receive_up_to_here():
    """Reads all that was written by now, which a busy kernel hands on later: what is written now comes behind it."""
    global waiting
    number = struct.unpack("I", fcntl.ioctl(terminal, 0x80045430, b"\0" * 4))[0]  # TIOCGPTN
    other_end = os.open(f"/dev/pts/{number}", os.O_WRONLY | os.O_NOCTTY)
    os.write(other_end, b"\0")
    os.close(other_end)
    while "\0" not in waiting:
        receive()
    waiting = waiting.replace("\0", "")

def write_up_to_here():
    global waiting
    receive_up_to_here()
    write(waiting)
    waiting = ""

def stop_between_drawings():
    """What is drawn for one width comes out on another where a terminal is resized meanwhile: nobody can help that. While
    the program draws it holds Ctrl-Z off."""
    while True:
        os.kill(job, signal.SIGSTOP)
        wait_until_stopped()
        with open(f"/proc/{job}/status", encoding="utf-8") as file:
            blocked = int(re.search(r"^SigBlk:\s*(\w+)", file.read(), re.MULTILINE).group(1), 16)
        if not blocked >> (signal.SIGTSTP - 1) & 1:
            return
        os.kill(job, signal.SIGCONT)
        time.sleep(0.001)

def act(action, value):
    if action == "show":
        show()
    elif action == "width":
        stop_between_drawings()
        write_up_to_here()
        resize(int(value))
        os.kill(job, signal.SIGCONT)
    elif value == "Z":
        os.write(terminal, b"\x1a")
        wait_until_stopped()
        write_up_to_here()
        show()
        os.killpg(job, signal.SIGCONT)
    else:
        os.write(terminal, bytes([ord(value) - ord("@")]))

ends = os.pipe()
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    be_shell(ends[1])
job = int(os.read(ends[0], 20))
received, waiting = b"", ""
while True:
    try:
        receive()
    except OSError:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        break
    # Line by line, so that nothing is passed over when much comes at once.
    while waiting:
        line = re.match(r".*?\x1b\[K|.+", waiting, re.DOTALL).group(0)
        waiting = waiting[len(line):]
        write(line)
        while events and events[0][0] in text():
            act(*events.pop(0)[1].partition(":")[::2])
print(text(), flush=True)
sys.exit(status)
