// Three abstracts written for Osler, so that a newcomer can try everything at once. Everything in them is invented.

import type { NewDocument, RelationTask } from '../host/types'

export const samplesOrigin = 'Samples'

// Lists show the newest first: the last one is what opens.
export const samples: NewDocument[] = [
  {
    sourceId: 'sample-3',
    title: 'Sorafenib restrains invasion and angiogenesis in hepatocellular carcinoma: a fictional laboratory study',
    text: `Hepatocellular carcinoma sustains its own growth signals and recruits new vessels early. In this invented study we exposed imaginary HepG2 cultures to sorafenib, a known inhibitor of VEGFR2 and of BRAF, with or without gefitinib, which blocks EGFR. Sorafenib lowered proliferation by 61 % and suppressed the phosphorylation of ERK downstream of BRAF. Tube formation of endothelial cells, a measure of angiogenesis, fell by two thirds when VEGFR2 was inhibited. Migration through a matrix was halved, which suggests that invasion and metastasis were restrained. Apoptosis, measured by caspase-3 cleavage, rose only when gefitinib was added to sorafenib. Gefitinib alone had no effect on VEGFR2. Glucose uptake and lactate release did not change, so that the altered metabolism of the tumour was probably untouched. Metformin activated AMPK and modestly lowered glucose uptake. This abstract is fictional and was written for Osler.`,
  },
  {
    sourceId: 'sample-2',
    title: 'Fluconazole and clarithromycin alter the exposure of warfarin and simvastatin: a fictional crossover study',
    text: `OBJECTIVE: To describe, in an invented trial, how two common anti-infectives change the exposure of warfarin and of simvastatin.
DESIGN: Twenty-four imaginary volunteers took single doses of warfarin and simvastatin alone, with fluconazole, and with clarithromycin, in random order.
RESULTS: Fluconazole increased the area under the curve of warfarin by 78 %, and the anticoagulant effect of warfarin was prolonged when fluconazole was given. Clarithromycin raised the peak concentration of simvastatin almost ninefold. One volunteer who took clarithromycin and simvastatin together had muscle pain and a creatine kinase above ten times normal, consistent with rhabdomyolysis. Ketoconazole, given to three volunteers by mistake, also reduced the clearance of simvastatin. Rifampicin did not alter the exposure of warfarin at the single dose studied.
CONCLUSIONS: Simvastatin should not be combined with clarithromycin. The dose of warfarin should be reduced when fluconazole is started, and bleeding should be watched for. This abstract is fictional and was written for Osler.`,
  },
  {
    sourceId: 'sample-1',
    title: 'Amiodarone-induced hepatotoxicity in the Larkspur cohort: a fictional case series',
    text: `BACKGROUND: Amiodarone is widely used for atrial fibrillation, yet liver injury after rapid intravenous loading is poorly described. We report a fictional series that never took place.
METHODS: Between two invented winters, 214 imaginary adults received amiodarone at the made-up Larkspur Hospital; 96 received dronedarone instead. Liver enzymes were read daily.
RESULTS: Hepatotoxicity developed in 19 patients within 72 hours of amiodarone loading. Jaundice followed in four, and one progressed to acute liver failure. Amiodarone was also associated with hypothyroidism (n = 11) and with bradycardia (n = 23). Pulmonary fibrosis may have been caused by amiodarone in two patients. No patient receiving dronedarone developed pulmonary fibrosis, although nausea was frequent. Withdrawal of amiodarone and infusion of N-acetylcysteine (NAC) reversed the hepatotoxicity in 17 of 19.
CONCLUSIONS: Rapid amiodarone loading can cause hepatotoxicity that resolves after withdrawal. NAC did not induce adverse reactions apart from mild nausea. This abstract is fictional and was written for Osler.`,
  },
]

/** What a sample is about: the task that fits it, and what one may ask. */
type Fit = { task: RelationTask | null; questions: string[] }

const fits: Record<string, Fit> = {
  'sample-1': {
    task: 'bc5cdr',
    questions: ['Does amiodarone cause hepatotoxicity?', 'Did dronedarone lead to pulmonary fibrosis?'],
  },
  'sample-2': {
    task: 'ddi',
    questions: [
      'Does fluconazole increase the exposure of warfarin?',
      'Should simvastatin be combined with clarithromycin?',
    ],
  },
  'sample-3': { task: null, questions: ['Does sorafenib reduce angiogenesis?'] },
}

/** Of a sample what fits it; nothing of any other document. */
export const fitOf = ({ sourceId, origin }: { sourceId: string; origin: string }): Fit | null =>
  origin === samplesOrigin ? (fits[sourceId] ?? null) : null
