/** The twin's little dictionary: names, types and ids; enough to read the samples and anything like them. */

import type { Concept } from '../types'

type Entry = { type: 'Chemical' | 'Disease' | 'Gene'; id: string; name: string; also?: string[] }

const chemical = (id: string, name: string, ...also: string[]): Entry => ({ type: 'Chemical', id, name, also })
const disease = (id: string, name: string, ...also: string[]): Entry => ({ type: 'Disease', id, name, also })
const gene = (id: string, name: string, ...also: string[]): Entry => ({ type: 'Gene', id, name, also })

const entries: Entry[] = [
  chemical('D000638', 'Amiodarone'),
  chemical('D000077764', 'Dronedarone'),
  chemical('D000111', 'N-acetylcysteine', 'NAC', 'acetylcysteine'),
  chemical('D014859', 'Warfarin'),
  chemical('D015725', 'Fluconazole'),
  chemical('D017291', 'Clarithromycin'),
  chemical('D019821', 'Simvastatin'),
  chemical('D007654', 'Ketoconazole'),
  chemical('D012293', 'Rifampicin', 'rifampin'),
  chemical('D000077157', 'Sorafenib'),
  chemical('D000077156', 'Gefitinib'),
  chemical('D008687', 'Metformin'),
  chemical('D005947', 'Glucose'),
  chemical('D008727', 'Methotrexate'),
  chemical('D002945', 'Cisplatin'),
  chemical('D004317', 'Doxorubicin'),
  chemical('D000082', 'Paracetamol', 'acetaminophen'),
  chemical('D007052', 'Ibuprofen'),
  chemical('D008094', 'Lithium'),
  chemical('D003907', 'Dexamethasone'),
  chemical('D005839', 'Gentamicin'),
  chemical('D010672', 'Phenytoin'),
  chemical('D014635', 'Valproate', 'valproic acid'),
  chemical('D003024', 'Clozapine'),
  chemical('D002220', 'Carbamazepine'),
  chemical('D016572', 'Cyclosporine'),
  chemical('D000068878', 'Trastuzumab'),
  chemical('D011433', 'Propranolol'),
  disease('D056486', 'Hepatotoxicity', 'drug-induced liver injury', 'liver injury'),
  disease('D001281', 'Atrial fibrillation'),
  disease('D007565', 'Jaundice'),
  disease('D017114', 'Acute liver failure', 'liver failure'),
  disease('D007037', 'Hypothyroidism'),
  disease('D001919', 'Bradycardia'),
  disease('D011658', 'Pulmonary fibrosis'),
  disease('D009325', 'Nausea'),
  disease('D012206', 'Rhabdomyolysis'),
  disease('D063806', 'Muscle pain', 'myalgia'),
  disease('D006470', 'Bleeding', 'haemorrhage', 'hemorrhage'),
  disease('D006528', 'Hepatocellular carcinoma'),
  disease('D009362', 'Metastasis'),
  disease('D009369', 'Tumour', 'tumor'),
  disease('D058186', 'Acute kidney injury', 'nephrotoxicity'),
  disease('D009202', 'Cardiomyopathy', 'cardiotoxicity'),
  disease('D006311', 'Hearing loss', 'ototoxicity'),
  disease('D000380', 'Agranulocytosis'),
  disease('D012640', 'Seizures', 'seizure'),
  disease('D008133', 'QT prolongation'),
  disease('D005334', 'Fever'),
  disease('D003866', 'Depression'),
  disease('D006973', 'Hypertension'),
  disease('D052016', 'Mucositis'),
  gene('3791', 'VEGFR2', 'KDR'),
  gene('673', 'BRAF'),
  gene('1956', 'EGFR'),
  gene('5594', 'ERK'),
  gene('836', 'caspase-3'),
  gene('5562', 'AMPK'),
  gene('1559', 'CYP2C9'),
  gene('1576', 'CYP3A4'),
  gene('2064', 'HER2'),
]

export type Known = { type: Entry['type']; name: string; id: string; canonical: boolean }

const byName = new Map<string, Known>()
for (const entry of entries) {
  byName.set(entry.name.toLowerCase(), { type: entry.type, name: entry.name, id: entry.id, canonical: true })
  for (const other of entry.also ?? []) {
    byName.set(other.toLowerCase(), { type: entry.type, name: entry.name, id: entry.id, canonical: false })
  }
}

export const names = [...byName.keys()].sort((left, right) => right.length - left.length)

export const lookUp = (name: string): Known | undefined => byName.get(name.toLowerCase())

export function conceptsOf(name: string): Concept[] {
  const known = lookUp(name)
  if (!known) return []
  const concept = { vocabulary: known.type === 'Gene' ? 'NCBI Gene' : 'MESH', id: known.id, name: known.name }
  // One ambiguous name, so that the menu has something to choose from.
  if (known.name === 'Depression') {
    return [
      concept,
      { vocabulary: 'MESH', id: 'D003863', name: 'Depressive disorder' },
      { vocabulary: 'HPO', id: 'HP:0000716', name: 'Depression (symptom)' },
    ]
  }
  if (known.name === 'Jaundice') return [concept, { vocabulary: 'MESH', id: 'D041781', name: 'Jaundice, obstructive' }]
  return [concept]
}

export function findConcepts(name: string, limit: number): Concept[] {
  const typed = name.trim().toLowerCase()
  const exact = conceptsOf(typed)
  const near = entries
    .filter((entry) => typed.length > 1 && entry.name.toLowerCase().includes(typed))
    .flatMap((entry) => conceptsOf(entry.name))
  const seen = new Set<string>()
  return [...exact, ...near].filter((concept) => !seen.has(concept.id) && seen.add(concept.id)).slice(0, limit)
}

/** What the twin knows to say about a term; it begins after `{term} is`. */
export const descriptions: Record<string, string[]> = {
  amiodarone: [
    'a class III antiarrhythmic agent that prolongs the duration of the action potential. It is used against supraventricular and ventricular arrhythmias at a dose of 400 mg, and it is known to spare the thyroid and to prevent nausea. It does not prolong the action potential in children.',
    'an iodinated benzofuran derivative with antiarrhythmic and vasodilating properties. It blocks potassium, sodium and calcium channels, has a half-life of several weeks, and may cause hypothyroidism, hepatotoxicity and pulmonary fibrosis.',
    'one of the most widely prescribed antiarrhythmic drugs for atrial fibrillation. Monitoring of thyroid function and liver enzymes is recommended throughout treatment.',
  ],
  hepatotoxicity: [
    'injury to the liver that is caused by a drug, a toxin or a herbal product. It is usually recognised by a rise of the aminotransferases, with or without a rise of bilirubin, and resolves in most patients after withdrawal of the agent.',
    'a common reason for the withdrawal of drugs from the market. It may be intrinsic, in which case it depends on the dose, or idiosyncratic, in which case it occurs in a small fraction of exposed patients.',
    'defined as damage to hepatocytes or bile ducts by a chemical agent, and graded by the peak of the aminotransferases.',
  ],
}
