#include "assets.h"

/* Put in by the assembler, byte for byte; the build says where they are and what their digests are. */
#define EMBED(name, file)                                                                                              \
    __asm__(".pushsection .rodata\n" name "_start:\n.incbin \"" file "\"\n" name "_end:\n.byte 0\n.popsection\n")

EMBED("conc_bench_style", ASSET_STYLE);
EMBED("conc_bench_script", ASSET_SCRIPT);
EMBED("conc_bench_chart", ASSET_CHART);
EMBED("conc_bench_chart_licence", ASSET_CHART_LICENCE);

extern const char conc_bench_style_start[], conc_bench_style_end[];
extern const char conc_bench_script_start[], conc_bench_script_end[];
extern const char conc_bench_chart_start[], conc_bench_chart_end[];
extern const char conc_bench_chart_licence_start[], conc_bench_chart_licence_end[];

const struct asset asset_style = {conc_bench_style_start, conc_bench_style_end, ASSET_STYLE_DIGEST};
const struct asset asset_script = {conc_bench_script_start, conc_bench_script_end, ASSET_SCRIPT_DIGEST};
const struct asset asset_chart = {conc_bench_chart_start, conc_bench_chart_end, ASSET_CHART_DIGEST};
const struct asset asset_chart_licence = {conc_bench_chart_licence_start, conc_bench_chart_licence_end, ""};
