/** Figures of a model by phase. */
export type Report = Record<string, Record<string, number>>;

/**
 * What was measured by what was aimed at: below 1 is reached, except for the share of the best convolution.
 */
export function limitsOf(report: Report): Record<string, number> {
  const figure = (phase: string, name: string) => report[phase]?.[name] ?? Number.NaN;
  const all = {
    'share of the best convolution in the UNet, aim 0.8': figure('unet', 'shareOfConvolutions'),
    'memory of the UNet / (weights x 1.25 + 1 GB)':
      figure('unet', 'peakMb') / figure('unet', 'memoryLimitMb'),
    'exact / fast, seconds of the processor, aim 1.8': figure('fast-beside-exact', 'cpuRatio'),
    'deviation of one call in fast': figure('fast-beside-exact', 'deviation'),
    'memory of fast / of exact': figure('unet-fast', 'peakMb') / figure('unet', 'peakMb'),
    'loading, nothing prepared / 25 s': figure('load, nothing prepared', 'openS') / 25,
    'loading, prepared / 4 s': figure('load, prepared', 'openS') / 4,
    'TAESD to 512x512 / 0.5 s': figure('taesd-512', 'warmS') / 0.5,
    'share of a call outside of networks / 1 %': figure('generate', 'shareOutsideOfNetworks') / 0.01,
    'opening the UNet / opening the peer': figure('unet', 'openS') / figure('peer', 'openS'),
    'first run of the UNet / of the peer': figure('unet', 'firstS') / figure('peer', 'firstS'),
    'a warm run of the UNet / of the peer, in turn': figure('beside the peer', 'warmRatio'),
    'memory of the UNet / of the peer': figure('unet', 'peakMb') / figure('peer', 'peakMb'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !Number.isNaN(value)));
}

const columns = ['openS', 'firstS', 'warmS', 'peakMb'];

/** A table of the phases, what else they measured, and the limits. */
export function printReport(model: string, report: Report, limits: Record<string, number>): void {
  console.log(`\n${model.padEnd(26)}${columns.map((name) => name.padStart(10)).join('')}`);
  for (const [phase, figures] of Object.entries(report)) {
    const cells = columns.map((name) =>
      (figures[name]?.toFixed(name === 'peakMb' ? 0 : 2) ?? '').padStart(10),
    );
    const others = Object.entries(figures).filter(([name]) => !columns.includes(name));
    const rest = others.map(([name, value]) => `${name} ${value.toPrecision(3)}`).join(', ');
    console.log(`${phase.padEnd(26)}${cells.join('')}  ${rest}`.trimEnd());
  }
  for (const [name, ratio] of Object.entries(limits)) console.log(`${name.padEnd(56)} ${ratio.toFixed(2)}`);
}
