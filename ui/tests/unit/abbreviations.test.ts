import { expect, test } from 'vitest'
import { otherForm } from '../../src/shared/abbreviations'

const defined = [
  { short: 'AMI', long: 'acute myocardial infarction' },
  { short: 'NSAIDs', long: 'non-steroidal drugs' },
  { short: 'AMI', long: 'amitriptyline' },
]

test('a short form is shown with all that the text says it stands for, and a long one with its short form', () => {
  expect(otherForm('AMI', defined)).toBe('acute myocardial infarction, or amitriptyline')
  expect(otherForm('NSAID', defined)).toBe('non-steroidal drugs')
  expect(otherForm('Acute myocardial infarctions', defined)).toBe('AMI')
})

test('a short form that the text does not define is said to be so, and words are left alone', () => {
  for (const name of ['MTX', 'IL-6', 'ACEs']) expect(otherForm(name, defined)).toBe('not defined in this text')
  for (const name of ['aspirin', 'Zinc', 'As', 'vitamin B12']) expect(otherForm(name, defined)).toBeNull()
})
